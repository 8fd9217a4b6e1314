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

  // Gradio's radio buttons have a name each, so that the browser does not take them for one group.
  function step(event) {
    const far = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!far || !event.target.matches("#chips input")) return;
    const chips = [...document.querySelectorAll("#chips input")];
    const next = chips[(chips.indexOf(event.target) + far + chips.length) % chips.length];
    event.preventDefault();
    next.focus();
    next.click();
  }

  document.addEventListener("change", remember);
  document.addEventListener("keydown", step);
  setInterval(() => document.hidden || look(), 1000 * SECONDS);
  look();
})();
