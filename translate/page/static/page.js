// What the page does beside Gradio: it follows the folder of models, and keeps the chosen model in its address.
(() => {
  const SECONDS = 4;
  let stamp;

  async function look() {
    try {
      const answer = await fetch(new URL("api/models", document.baseURI), { cache: "no-cache" });
      if (!answer.ok) return;
      const found = (await answer.json()).stamp;
      if (stamp !== undefined && found !== stamp) document.querySelector("#again")?.click();
      stamp = found;
    } catch {
      // The server is gone for a while; Gradio says so where it matters.
    }
  }

  function remember(event) {
    if (!event.target.matches("#chips input")) return;
    const address = new URL(location.href);
    address.searchParams.set("model", event.target.value);
    history.replaceState(null, "", address);
  }

  document.addEventListener("change", remember);
  setInterval(() => document.hidden || look(), 1000 * SECONDS);
  look();
})();
