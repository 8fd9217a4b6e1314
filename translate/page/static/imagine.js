/**
 * `<latent-space>`: pictures of a model that draws from noise. One of them is large and follows every slider; a sheet of
 * draws below is what everything begins with.
 *
 * Its property `entry` is what the page's Python says of the model (translate/page/imagine.py): key, target, size, classes
 * and sliders. The element dispatches `asked` at every change and `shown` when its picture can be seen, each with the
 * number of the change.
 */

import { button, icon } from "./buttons.js";
import { part, tile } from "./fields.js";
import { made, Newest } from "./newest.js";
import { Outcome } from "./outcome.js";
import { Between, One } from "./panels.js";
import { save } from "./pictures.js";
import { Sum } from "./sums.js";
import { cuts, Thumbnails } from "./thumbnails.js";

/** Pictures of a sheet, and so many that are kept. */
const DRAWS = 24;
const KEPT = 16;
const PANELS = { one: [One, "One picture"], between: [Between, "Between"], sum: [Sum, "Arithmetic"] };

class LatentSpace extends HTMLElement {
  #entry = null;
  #address = "";
  #sheet = 0;
  #thumbnails = null;

  constructor() {
    super();
    const styles = ["sheet.css", "imagine.css"].map((name) => `<link rel="stylesheet" href="${new URL(name, import.meta.url)}">`);
    this.attachShadow({ mode: "open" }).innerHTML = `${styles.join("")}
      <div id="room" hidden>
        <div id="modes"><div class="group" role="tablist" aria-label="What to do"></div></div>
        <section id="result" aria-label="Picture"><img id="picture" hidden><p id="hint"></p></section>
        <div id="panel" role="tabpanel"></div>
        <div id="after"><p id="status" role="status"></p><span id="saving"></span></div>
        <section id="draws" aria-label="Sheet of draws"><div class="head"></div><div id="grid"></div></section>
        <section id="kept" aria-label="Kept pictures" hidden></section>
      </div>`;
    const links = [...this.shadowRoot.querySelectorAll("link")];
    Promise.all(links.map((link) => new Promise((done) => link.addEventListener("load", done)))).then(
      () => (this.#$("#room").hidden = false),
    );
    this.outcome = new Outcome(this.shadowRoot);
    this.newest = new Newest((answer) => this.#shown(answer), (told) => this.tell(told, true));
    this.panels = Object.fromEntries(Object.entries(PANELS).map(([mode, [Panel]]) => [mode, new Panel(this)]));
  }

  get entry() {
    return this.#entry;
  }

  set entry(entry) {
    if (!entry || JSON.stringify(entry) === JSON.stringify(this.#entry)) return;
    this.newest.stop();
    this.#entry = entry;
    this.#address = new URL(`api/draw/${encodeURIComponent(entry.key)}`, document.baseURI).href;
    this.#thumbnails = new Thumbnails(this.#address);
    this.state = this.#restored();
    this.#hide();
    this.#frame();
    this.changed(true);
    this.#draws();
  }

  connectedCallback() {
    if (this.#entry) this.changed();
  }

  disconnectedCallback() {
    this.newest.stop();
  }

  #$(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  get panel() {
    return this.panels[this.state.mode];
  }

  // --- For the panels ------------------------------------------------------------------------------------------------

  /** Something is another now: ask for its picture; `anew` where controls are others too. */
  changed(anew = false) {
    if (anew) this.#fill();
    const recipe = this.panel.recipe();
    const change = this.outcome.changed();
    this.dispatchEvent(new CustomEvent("asked", { detail: { change } }));
    if (recipe && this.isConnected) {
      this.outcome.wait();
      this.newest.ask(this.#address, () => JSON.stringify({ ...recipe, ...this.label }), change);
    } else {
      this.newest.stop();
      this.#hide();
    }
    this.#keep();
  }

  /** Small pictures of seeds, a canvas each; none of another model or label than is shown now. */
  async thumbnails(seeds) {
    try {
      return await this.#thumbnails.of(seeds, this.label);
    } catch (error) {
      this.tell(error.message, true);
      return new Promise(() => {}); // what waits for it is shown no more
    }
  }

  /** What becomes of a recipe, as a Blob; null where nothing does, which is said. */
  async once(recipe) {
    try {
      return await made(this.#address, JSON.stringify({ ...recipe, ...this.label }));
    } catch (error) {
      this.tell(error.message, true);
      return null;
    }
  }

  /** Hand a file of a recipe to the visitor. */
  async download(recipe, name) {
    this.tell("The file is being made …");
    const blob = await this.once(recipe);
    if (!blob) return;
    save(blob, `${this.#entry.key}-${name}.${recipe.format ?? "png"}`);
    this.tell("The file is among your downloads.");
  }

  tell(told, wrong = false) {
    this.outcome.tell(told, wrong);
  }

  /** What is said to the server of the class, where there are any. */
  get label() {
    return this.#entry.classes.length ? { label: this.state.label } : {};
  }

  // --- Layout --------------------------------------------------------------------------------------------------------

  /** What stays as it is for this entry. */
  #frame() {
    const { classes, target } = this.#entry;
    const tabs = Object.entries(PANELS).map(([mode, [, name]]) => {
      const tab = button(name, "", () => this.#mode(mode), { shown: name });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "panel");
      tab.id = `tab-${mode}`;
      return tab;
    });
    const list = this.#$("[role=tablist]");
    list.replaceChildren(...tabs);
    list.onkeydown = (event) => {
      const far = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!far) return;
      const modes = Object.keys(PANELS);
      this.#mode(modes[(modes.indexOf(this.state.mode) + far + modes.length) % modes.length]);
      this.#$(`#tab-${this.state.mode}`).focus();
      event.preventDefault();
    };
    this.#$("#label")?.remove();
    if (classes.length) {
      const choice = part("select");
      choice.append(...classes.map((name, at) => new Option(name, at, false, at === this.state.label)));
      choice.addEventListener("change", () => {
        this.state.label = Number(choice.value);
        this.changed(true);
        this.#draws();
      });
      const label = part("label", "", "Class", choice);
      label.id = "label";
      this.#$("#modes").append(label);
    }
    this.outcome.picture.alt = `${target}, drawn from noise`;
    this.#$("#saving").replaceChildren(
      button("Keep this picture below, with everything that it was made of", icon("keep"), () => this.#keepPicture(), { shown: "Keep" }),
      button("Download this picture", icon("download"), () => save(this.outcome.blob, `${this.#entry.key}-${this.panel.name()}.png`), {
        shown: "Download",
      }),
    );
    this.#keptPictures();
  }

  #mode(mode) {
    this.state.mode = mode;
    this.changed(true);
    this.#marks();
  }

  /** The controls of what is being done. */
  #fill() {
    const root = this.shadowRoot;
    // What had the focus gets it again, as its element is another one now.
    const before = root.activeElement?.closest?.("#panel") && (root.activeElement.id || root.activeElement.title);
    for (const mode of Object.keys(PANELS)) {
      const tab = this.#$(`#tab-${mode}`);
      tab.setAttribute("aria-selected", String(mode === this.state.mode));
      tab.tabIndex = mode === this.state.mode ? 0 : -1;
    }
    const panel = this.#$("#panel");
    panel.setAttribute("aria-labelledby", `tab-${this.state.mode}`);
    panel.replaceChildren(...this.panel.fill());
    if (before) [...panel.querySelectorAll("button, input")].find((one) => (one.id || one.title) === before)?.focus();
    const hint = this.#$("#draws .quiet");
    if (hint) hint.textContent = this.panel.hint;
    this.#marks();
  }

  /** Draw the sheet, or show it as it was. */
  async #draws() {
    const { state } = this;
    const asked = ++this.#sheet;
    const more = (told, shown, kind, act) => button(told, icon(kind), act, { shown, kind: "outlined" });
    const go = (first) => {
      state.first = first;
      this.#keep();
      this.#draws();
    };
    const before = more("The draws before these", "Before", "undo", () => go(Math.max(0, state.first - DRAWS)));
    before.disabled = !state.first;
    this.#$("#draws .head").replaceChildren(
      part("h3", "", `Draws ${state.first}–${state.first + DRAWS - 1}`),
      part("span", "quiet", this.panel.hint),
      before,
      more("Draw more pictures", "More", "more", () => go(state.first + DRAWS)),
    );
    const grid = this.#$("#grid");
    grid.classList.add("waiting");
    const seeds = Array.from({ length: DRAWS }, (_, at) => state.first + at);
    const found = await this.thumbnails(seeds);
    if (asked !== this.#sheet) return;
    grid.classList.remove("waiting");
    grid.replaceChildren(
      ...seeds.map((seed, at) => {
        const one = tile(`Seed ${seed}`, found[at], () => this.panel.picked(seed), { shown: String(seed), pressed: false });
        one.seed = seed;
        return one;
      }),
    );
    this.#marks();
  }

  /** Show on the sheet what is chosen. */
  #marks() {
    const { mode, one, between, sum } = this.state;
    const chosen = { one: [one.seed], between: this.panels.between.seeds, sum: sum.groups[sum.active] }[mode];
    for (const made of this.#$("#grid").children) made.setAttribute("aria-pressed", String(chosen.includes(made.seed)));
  }

  // --- The picture ---------------------------------------------------------------------------------------------------

  async #shown(answer) {
    if (!(await this.outcome.show(answer))) return;
    this.#savable(true);
    const { change, milliseconds, trip } = answer;
    this.dispatchEvent(new CustomEvent("shown", { detail: { change, milliseconds, trip } }));
  }

  /** There is no picture. */
  #hide() {
    this.outcome.hide();
    this.#savable(false);
    this.outcome.hint.textContent = this.state.mode === "sum" ? "Press pictures of the sheet below to begin." : "";
  }

  #savable(can) {
    for (const made of this.#$("#saving").children) made.disabled = !can;
  }

  // --- What is kept, while the tab is open ---------------------------------------------------------------------------

  get #place() {
    const { key, classes, sliders } = this.#entry;
    // Of another model under the same name nothing is of use.
    return `imagined for ${key} of ${classes.length} classes and ${sliders.map(({ name }) => name)}`;
  }

  #keep() {
    try {
      sessionStorage.setItem(this.#place, JSON.stringify(this.state));
    } catch {
      // No room, or not allowed: it lives as long as the page does.
    }
  }

  #restored() {
    const started = Object.entries(this.panels).map(([mode, panel]) => [mode, panel.start()]);
    const fresh = { mode: "one", label: 0, first: 0, kept: [], ...Object.fromEntries(started) };
    try {
      return { ...fresh, ...JSON.parse(sessionStorage.getItem(this.#place)) };
    } catch {
      return fresh;
    }
  }

  async #keepPicture() {
    const { state } = this;
    const [canvas] = await cuts(this.outcome.blob, 1, 1);
    const kept = { mode: state.mode, label: state.label, [state.mode]: structuredClone(state[state.mode]) };
    state.kept = [{ ...kept, name: this.panel.name(), picture: canvas.toDataURL() }, ...state.kept].slice(0, KEPT);
    this.#keep();
    this.#keptPictures();
    this.tell("Kept below, while this tab is open.");
  }

  #keptPictures() {
    const { state } = this;
    const place = this.#$("#kept");
    place.hidden = !state.kept.length;
    const tiles = state.kept.map(({ name, picture, ...kept }) => {
      const one = button(`Have ${name} again`, `<img src="${picture}" alt="">`, () => {
        Object.assign(state, structuredClone(kept));
        this.#frame();
        this.changed(true);
        this.#draws();
      }, { kind: "tile" });
      one.append(part("span", "under", name));
      return one;
    });
    const clear = button("Keep none of these any longer", icon("clear"), () => {
      state.kept = [];
      this.#keep();
      this.#keptPictures();
    }, { shown: "Clear", kind: "outlined" });
    place.replaceChildren(part("div", "head", part("h3", "", "Kept"), clear), part("div", "kept", ...tiles));
  }
}

customElements.define("latent-space", LatentSpace);
