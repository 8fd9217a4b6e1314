// What a reader does with the report: sort, filter, compare with a slider, look at numbers. Without it all is visible.
(() => {
  "use strict";
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, classes = "", text = "") => {
    const element = document.createElement(tag);
    if (classes) element.className = classes;
    if (text) element.textContent = text;
    return element;
  };
  const root = document.documentElement;
  root.classList.add("scripted");

  // --- Light and dark ------------------------------------------------------------------------------------------------
  const kept = {
    get() { try { return localStorage.getItem("translate-theme"); } catch { return null; } },
    set(value) { try { localStorage.setItem("translate-theme", value); } catch { /* not kept, then */ } },
  };
  if (["light", "dark"].includes(kept.get())) root.dataset.theme = kept.get();
  one("#theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    kept.set(root.dataset.theme);
  });

  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = one(`#${button.dataset.copy}`);
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text); // where the browser gives no clipboard, it is selected at least
      }
    });
  }

  // --- A slider between two pictures ---------------------------------------------------------------------------------
  function slider(before, after) {
    const box = make("div", "slider");
    const range = Object.assign(make("input"), { type: "range", min: 0, max: 100, value: 50, step: 1 });
    range.setAttribute("aria-label", `Left of the edge ${before.label}, right of it ${after.label}`);
    for (const { image } of [after, before]) {
      const copy = Object.assign(make("img"), { src: image.src, alt: "", draggable: false });
      copy.width = image.width || image.naturalWidth;
      copy.height = image.height || image.naturalHeight;
      copy.setAttribute("width", image.getAttribute("width"));
      copy.setAttribute("height", image.getAttribute("height"));
      box.append(copy);
    }
    box.append(make("span", "edge"), make("bdi", "label before", before.label), make("bdi", "label after", after.label), range);
    const show = () => {
      box.style.setProperty("--at", `${range.value}%`);
      range.setAttribute("aria-valuetext", `${Math.round(range.value)} % ${before.label}`);
    };
    const follow = (event) => {
      const place = box.getBoundingClientRect();
      range.value = 100 * (event.clientX - place.left) / place.width;
      show();
    };
    box.addEventListener("pointerdown", (event) => {
      box.setPointerCapture(event.pointerId);
      range.focus({ preventScroll: true });
      follow(event);
      event.preventDefault();
    });
    box.addEventListener("pointermove", (event) => { if (box.hasPointerCapture(event.pointerId)) follow(event); });
    range.addEventListener("input", show);
    show();
    return box;
  }

  const figuresOf = (card) => all("figure", card).map((figure) => ({
    figure, image: one("img", figure), label: figure.dataset.label, role: figure.dataset.role, model: figure.dataset.model,
  }));
  const against = (figures) => figures.find(({ role }) => role === "target") || figures.find(({ role }) => role === "source");

  // --- Curves --------------------------------------------------------------------------------------------------------
  for (const drawing of all("[data-curve]")) {
    const { low, high, runs } = JSON.parse(drawing.dataset.curve);
    const svg = one("svg", drawing), cursor = one(".cursor", drawing), told = one("output", drawing);
    svg.addEventListener("pointermove", (event) => {
      const place = svg.getBoundingClientRect();
      const x = 320 * (event.clientX - place.left) / place.width;
      const step = low + (high - low) * Math.min(Math.max((x - 46) / 264, 0), 1);
      const near = runs.map(([, points]) => points.reduce((a, b) => (Math.abs(b[0] - step) < Math.abs(a[0] - step) ? b : a)));
      const first = near.reduce((a, b) => (Math.abs(b[0] - step) < Math.abs(a[0] - step) ? b : a));
      cursor.setAttribute("transform", `translate(${46 + 264 * (first[0] - low) / (high - low || 1)})`);
      told.textContent = `${near.map((point) => point[2]).join(" | ")} at ${first[0].toLocaleString("en")}`;
      drawing.classList.add("on");
    });
    svg.addEventListener("pointerleave", () => { drawing.classList.remove("on"); told.textContent = ""; });
  }

  const data = JSON.parse(one("#data").textContent);
  const cards = all(".card");

  // --- The chosen picture in every histogram and in the table ------------------------------------------------------------
  const rows = new Map(all(".all tbody tr").map((row) => [row.dataset.index, row]));
  const glance = one("#glance");
  let chosen;
  function choose(index) {
    chosen = index;
    for (const card of cards) card.classList.toggle("chosen", card.dataset.index === String(index));
    for (const row of all(".all .chosen")) row.classList.remove("chosen");
    rows.get(String(index))?.classList.add("chosen");
    for (const drawing of all(".histogram[data-metric]")) {
      const m = data.metrics.indexOf(drawing.dataset.metric);
      const low = Number(drawing.dataset.low), high = Number(drawing.dataset.high);
      const marks = all(".mark", drawing);
      data.numbers[m].forEach((numbers, model) => {
        const number = numbers[index] ?? high; // an infinite PSNR
        marks[model]?.setAttribute("transform", `translate(${46 + 264 * Math.min(Math.max((number - low) / (high - low), 0), 1)})`);
      });
      drawing.classList.add("on");
      const told = one("output", drawing);
      if (told) told.textContent = data.names[index];
    }
  }
  // The histogram of the metric that is sorted by, small, where it stays in view beside the pictures.
  function glimpse(metric) {
    const found = all("figure.histogram").find((drawing) => drawing.dataset.metric === metric);
    glance.hidden = !found;
    if (!found) return;
    Object.assign(glance.dataset, found.dataset);
    const small = one("svg", found).cloneNode(true);
    small.setAttribute("viewBox", "44 10 268 138");
    small.setAttribute("preserveAspectRatio", "none");
    glance.replaceChildren(small);
    if (chosen !== undefined) choose(chosen);
  }
  for (const card of cards) {
    card.addEventListener("pointerenter", () => choose(Number(card.dataset.index)));
    card.addEventListener("focusin", () => choose(Number(card.dataset.index)));
  }
  for (const [index, row] of rows) {
    row.addEventListener("pointerenter", () => choose(Number(index)));
    if (!one(`#picture-${index}`)) one("a", row)?.replaceWith(...one("a", row).childNodes);
  }

  // --- Sorting and filtering pictures --------------------------------------------------------------------------------
  const metric = one("#metric"), of = one("#of"), turn = one("#turn"), filter = one("#filter"), list = one("#cards");
  const collator = new Intl.Collator("en", { numeric: true });
  let turned = false;
  function badness(index) {
    const m = Number(metric.value);
    const numbers = data.numbers[m].map((column) => column[index] ?? Infinity);
    if (of?.value === "gap") {
      const gap = Math.max(...numbers) - Math.min(...numbers);
      return Number.isNaN(gap) ? 0 : gap;
    }
    return (data.less[m] ? 1 : -1) * numbers[Number(of?.value ?? 0)];
  }
  function sort() {
    const byName = metric?.value === "name" || !metric;
    const gap = !byName && of?.value === "gap";
    const ordered = cards.map((card) => [card, Number(card.dataset.index)]);
    if (metric && byName) ordered.sort((a, b) => collator.compare(data.names[a[1]], data.names[b[1]]));
    else if (metric) {
      const keys = new Map(ordered.map(([, index]) => [index, badness(index)]));
      ordered.sort((a, b) => (keys.get(b[1]) === keys.get(a[1]) ? a[1] - b[1] : keys.get(b[1]) > keys.get(a[1]) ? 1 : -1));
    }
    if (turned) ordered.reverse();
    const words = byName ? ["First to last", "Last to first"] : gap ? ["Widest first", "Closest first"] : ["Worst first", "Best first"];
    one("span", turn).textContent = words[Number(turned)];
    turn.setAttribute("aria-pressed", String(turned));
    ordered.forEach(([card], place) => {
      one(".rank", card).textContent = `${turned ? ordered.length - place : place + 1} of ${ordered.length}`;
    });
    list.append(...ordered.map(([card]) => card));
    for (const row of all(".mini tr[data-metric]", list)) row.classList.toggle("by", !byName && row.dataset.metric === data.metrics[Number(metric.value)]);
    if (glance) glimpse(byName ? "" : data.metrics[Number(metric.value)]);
    show();
  }
  function show() {
    const letters = filter.value.trim().toLowerCase();
    let seen = 0;
    for (const card of cards) {
      card.hidden = !data.names[Number(card.dataset.index)].toLowerCase().includes(letters);
      seen += Number(!card.hidden);
    }
    one("#count").textContent = `${seen} of ${cards.length}`;
    one("#nothing").hidden = seen > 0;
  }
  if (list) {
    metric?.addEventListener("change", sort);
    of?.addEventListener("change", sort);
    turn.addEventListener("click", () => { turned = !turned; sort(); });
    filter.addEventListener("input", show);
    sort();
  }

  // --- Side by side, or a slider in each card --------------------------------------------------------------------------
  function fill(card) {
    if (one(".sliders", card)) return;
    const figures = figuresOf(card), box = make("div", "sliders");
    for (const output of figures.filter(({ role }) => role === "output")) {
      const place = make("div"), line = make("p"), swap = make("button", "quiet");
      let others = figures.filter(({ role }) => role === "target" || role === "source");
      if (others[0].role === "source") others.reverse();
      const draw = () => {
        one(".slider", place)?.remove();
        place.prepend(slider(others[0], output));
        swap.textContent = others.length > 1 ? `compare with the ${others[1].label}` : "";
      };
      swap.type = "button";
      swap.hidden = others.length < 2;
      swap.addEventListener("click", () => { others = [...others].reverse(); draw(); });
      line.append(make("bdi", "", output.label), swap);
      place.append(line);
      draw();
      box.append(place);
    }
    card.append(box);
  }
  for (const button of all("[data-view]")) {
    button.addEventListener("click", () => {
      const sliding = button.dataset.view === "slider";
      for (const other of all("[data-view]")) other.setAttribute("aria-pressed", String(other === button));
      if (sliding) cards.forEach(fill);
      list.classList.toggle("sliding", sliding);
    });
  }

  // --- One picture, enlarged -------------------------------------------------------------------------------------------
  const viewer = one("#viewer"), selects = viewer ? all("[data-side]", viewer) : [];
  let current;
  function stage() {
    const figures = figuresOf(current);
    const [before, after] = selects.map((select) => figures[Number(select.value)]);
    const box = slider(before, after), range = one("input", box), old = one(".stage input", viewer);
    if (old) { range.value = old.value; range.dispatchEvent(new Event("input")); }
    const size = (name) => Number(after.image.getAttribute(name));
    box.style.setProperty("--ratio", String(size("width") / size("height")));
    one(".stage", viewer).replaceChildren(box);
  }
  function look(card, role, model) {
    current = card;
    const index = Number(card.dataset.index), figures = figuresOf(card);
    const place = (found) => String(Math.max(0, figures.indexOf(found)));
    const outputs = figures.filter((figure) => figure.role === "output");
    const output = outputs.find((figure) => figure.model === model) || outputs[0] || figures[0];
    const clicked = figures.find((figure) => figure.role === role && figure.model === model);
    for (const select of selects) select.replaceChildren(...figures.map(({ label, role: kind, model: by }, at) => {
      const words = kind === "difference" && outputs.length > 1 ? `difference of ${by}` : label;
      return Object.assign(make("option", "", words), { value: String(at) });
    }));
    selects[0].value = place(clicked && clicked.role !== "output" ? clicked : against(figures));
    selects[1].value = place(output);
    one("#viewer-name").textContent = data.names[index];
    one("#viewer-numbers").textContent = all(".mini tr[data-metric]", card)
      .map((row) => `${row.dataset.metric} ${all("td", row).map((cell) => cell.textContent).join(" | ")}`).join(" · ");
    stage();
    if (!viewer.open) viewer.showModal();
    one(".stage input", viewer).focus({ preventScroll: true });
    choose(index);
  }
  function step(far) {
    const visible = all(".card", list).filter((card) => !card.hidden);
    const next = visible[(visible.indexOf(current) + far + visible.length) % visible.length];
    const left = figuresOf(current)[Number(selects[0].value)], right = figuresOf(current)[Number(selects[1].value)];
    look(next, left.role === "output" ? "target" : left.role, left.role === "difference" ? left.model : right.model);
  }
  if (viewer) {
    list?.addEventListener("click", (event) => {
      const figure = event.target.closest("figure");
      if (figure) look(figure.closest(".card"), figure.dataset.role, figure.dataset.model);
    });
    for (const select of selects) select.addEventListener("change", stage);
    for (const button of all("[data-step]", viewer)) button.addEventListener("click", () => step(Number(button.dataset.step)));
    one("[data-close]", viewer).addEventListener("click", () => viewer.close());
    viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
    viewer.addEventListener("keydown", (event) => {
      const far = { PageDown: 1, PageUp: -1, j: 1, k: -1 }[event.key];
      if (!far || event.target.matches("select")) return;
      event.preventDefault();
      step(far);
    });
    viewer.addEventListener("close", () => one(".open", current)?.focus({ preventScroll: true }));
  }

  // --- The table of all numbers ------------------------------------------------------------------------------------------
  const table = one(".all");
  all(".sort", table || make("div")).forEach((button, column) => {
    button.addEventListener("click", () => {
      const head = button.closest("th"), up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of all("th[aria-sort]", table)) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const count = data.models.length;
      const number = (row) => data.numbers[Math.floor((column - 1) / count)][(column - 1) % count][Number(row.dataset.index)] ?? Infinity;
      const order = column
        ? (a, b) => { const x = number(a), y = number(b); return x === y ? 0 : x < y ? -1 : 1; }
        : (a, b) => collator.compare(data.names[Number(a.dataset.index)], data.names[Number(b.dataset.index)]);
      const sorted = [...rows.values()].sort((a, b) => (up ? 1 : -1) * order(a, b));
      one("tbody", table).append(...sorted);
    });
  });
})();
