/**
 * `<drawing-sheet>`: a sheet to draw on, and beside it what the server makes of the drawing while it is drawn.
 *
 * Its property `entry` is what the page's Python says of the model (translate/page/drawing.py): key, size, palette (names
 * and colours of labels, or null for edges), derived (what can be made of a photo for the sheet, or nothing), source and
 * target in words, starters (data: URLs). The element dispatches `drawn` at every change and `shown` when a result can be
 * seen, each with the number of the change.
 */

import { button, dot, icon, stampIcon } from "./buttons.js";
import { keep, kept } from "./keeping.js";
import { made, Newest } from "./newest.js";
import { Outcome } from "./outcome.js";
import { pngOf, save, sideBySide, sized, squareOf } from "./pictures.js";
import { png } from "./png.js";
import { Sheet } from "./sheet.js";
import { offered } from "./stamps.js";
import { surprise } from "./surprise.js";

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const TOOLS = {
  pen: ["Pen", "Brush: paint with the chosen colour"],
  eraser: ["Eraser", "Eraser"],
  line: ["Straight line: drag from end to end", null],
  box: ["Rectangle: drag from corner to corner", "Filled rectangle: drag from corner to corner"],
  fill: [null, "Fill: give an area the chosen colour"],
};
const THICKNESS = ["Thin", "Medium", "Thick"];

class DrawingSheet extends HTMLElement {
  #entry = null;
  #photo = null;
  #address = "";
  #restoring = false;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).innerHTML = `
      <link rel="stylesheet" href="${new URL("sheet.css", import.meta.url)}">
      <div id="desk" hidden>
        <div id="tools" role="toolbar" aria-label="Drawing tools"></div>
        <div id="palette" role="toolbar" aria-label="What to paint" hidden></div>
        <section id="paper" aria-label="Your drawing">
          <canvas id="sheet" tabindex="0" role="application" aria-label="Sheet to draw on" aria-describedby="keys"></canvas>
          <span id="cursor" aria-hidden="true" hidden></span>
          <p id="invitation" aria-hidden="true"></p>
        </section>
        <section id="result" aria-label="Result">
          <img id="picture" hidden>
          <p id="hint"></p>
        </section>
        <div id="stamps" role="toolbar" aria-label="Stamps"></div>
        <div id="after"><p id="status" role="status"></p><span id="saving"></span></div>
        <div id="starters" role="group" aria-label="Sketches to start from"></div>
        <p id="keys">Arrow keys move the pen, with Shift in larger steps; the space bar puts it down, or lifts it; Control Z
          undoes, Control Y does it again.</p>
        <input type="file" id="file" accept="image/*" hidden>
        <input type="file" id="photo" accept="image/*" hidden>
      </div>`;
    this.#$("link").addEventListener("load", () => (this.#$("#desk").hidden = false));
    this.sheet = new Sheet(this.#$("#sheet"), this.#$("#cursor"));
    this.sheet.addEventListener("change", () => this.#drawn());
    this.outcome = new Outcome(this.shadowRoot);
    this.newest = new Newest((answer) => this.#shown(answer), (told) => this.outcome.tell(told, true));
    this.#$("#file").addEventListener("change", (event) => this.#open(event.target));
    this.#$("#photo").addEventListener("change", (event) => this.#derive(event.target));
  }

  get entry() {
    return this.#entry;
  }

  set entry(entry) {
    if (!entry || JSON.stringify(entry) === JSON.stringify(this.#entry)) return;
    this.newest.stop();
    const before = kept(entry);
    this.#entry = entry;
    this.#address = new URL(`api/translate/${encodeURIComponent(entry.key)}`, document.baseURI).href;
    this.outcome.hide();
    this.#restoring = Boolean(before);
    this.sheet.start(entry.size, entry.palette);
    this.#fill();
    this.restored = before ? this.#restore(before) : Promise.resolve();
  }

  connectedCallback() {
    if (this.#entry) this.#drawn();
  }

  disconnectedCallback() {
    this.newest.stop();
  }

  #$(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  /** Put on the sheet what was kept for its entry, unless it is another's by the time that its pictures are decoded. */
  async #restore(before) {
    const { sheet } = this;
    const { turn, size, palette } = sheet;
    const good = await sheet.restore(before).then(() => true, () => false);
    if (turn !== sheet.turn) return;
    this.#restoring = false;
    // What an older page kept may not be understood any more.
    if (!good) sheet.start(size, palette);
  }

  // --- Tools ---------------------------------------------------------------------------------------------------------

  /** Lay out what can be done for this entry. */
  #fill() {
    const { palette, source, target, starters, derived } = this.#entry;
    const { sheet } = this;
    sheet.tool = "pen";
    const kind = palette ? 1 : 0;
    const tools = Object.entries(TOOLS).filter(([, told]) => told[kind]);
    const group = (...buttons) => {
      const made = Object.assign(document.createElement("span"), { className: "group" });
      made.append(...buttons);
      return made;
    };
    this.#$("#tools").replaceChildren(
      group(...tools.map(([tool, told]) => this.#choice("tool", tool, told[kind], icon(tool)))),
      group(...THICKNESS.map((told, at) => this.#choice("thickness", at, `${told} line`, dot(at)))),
      group(
        (this.undo = button("Undo (Control Z)", icon("undo"), () => sheet.undo())),
        (this.redo = button("Redo (Control Y)", icon("redo"), () => sheet.redo())),
        (this.clear = button("Clear the sheet", icon("clear"), () => sheet.clear())),
      ),
      button("Surprise me: something to start from", icon("surprise"), () => this.#surprise(), {
        shown: "Surprise me",
        kind: "primary",
      }),
    );
    const brushes = Object.entries(palette ?? {}).map(([name, colour]) => {
      const made = this.#choice("colour", colour, `Paint: ${name}`, "<i></i>", name);
      made.firstChild.style.background = colour;
      return made;
    });
    this.#$("#palette").hidden = !palette;
    this.#$("#palette").replaceChildren(...brushes);
    const stamps = offered(palette).map((name) =>
      this.#choice("stamp", name, `Stamp: ${name} (tap the sheet; drag for its size)`, stampIcon(name)),
    );
    this.#$("#stamps").replaceChildren(...stamps);
    this.#$("#starters").replaceChildren(
      ...(derived
        ? [
            button(`From a photo of yours: ${derived}`, icon("photo"), () => this.#$("#photo").click(), {
              shown: "From a photo",
              kind: "tile",
            }),
          ]
        : []),
      ...starters.map((address, at) =>
        button(`Start from sketch ${at + 1}`, `<img src="${address}" alt="">`, () => this.#put(address), { kind: "tile" }),
      ),
      button("Open a picture of yours on the sheet", icon("open"), () => this.#$("#file").click(), {
        shown: "Open",
        kind: "tile",
      }),
    );
    this.#$("#saving").replaceChildren(
      ...(navigator.canShare?.({ files: [new File([], "a.png", { type: "image/png" })] })
        ? [button("Share both pictures", icon("share"), () => this.#share(), { shown: "Share" })]
        : []),
      (this.saveDrawing = button("Download the drawing", icon("download"), () => this.#save(false), { shown: "Drawing" })),
      (this.saveResult = button(`Download the result: ${target}`, icon("download"), () => this.#save(true), {
        shown: capital(target),
      })),
    );
    this.#$("#invitation").textContent = palette ? "Paint here" : "Draw a house here";
    this.outcome.hint.textContent = `Your ${target} appears here while you draw.`;
    this.outcome.picture.alt = `${capital(target)}, made of your drawing (${source})`;
    this.#mark();
  }

  /** A button that chooses one of the sheet's tools, colours or widths, and stays pressed while it is chosen. */
  #choice(what, value, told, inner, shown = "") {
    const made = button(
      told,
      inner,
      () => {
        const { sheet } = this;
        sheet[what] = value;
        if (what === "stamp") sheet.tool = "stamp";
        // Who chooses a colour wants to paint with it; who chooses a width, to draw.
        if (what === "colour" && !["pen", "box", "fill"].includes(sheet.tool)) sheet.tool = "pen";
        if (what === "thickness" && ["stamp", "fill"].includes(sheet.tool)) sheet.tool = "pen";
        this.#mark();
      },
      { shown, pressed: false },
    );
    made.chosen = () => String(this.sheet[what]) === String(value) && (what !== "stamp" || this.sheet.tool === "stamp");
    return made;
  }

  /** Show on the buttons what is chosen, and what can be done. */
  #mark() {
    const { sheet } = this;
    for (const made of this.shadowRoot.querySelectorAll("[aria-pressed]")) {
      made.setAttribute("aria-pressed", String(made.chosen()));
    }
    this.undo.disabled = !sheet.canUndo;
    this.redo.disabled = !sheet.canRedo;
    this.clear.disabled = this.saveDrawing.disabled = sheet.empty;
    this.saveResult.disabled = this.outcome.picture.hidden;
    this.#$("#invitation").hidden = !sheet.empty;
  }

  #surprise() {
    const { starters } = this.#entry;
    const scene = surprise(this.sheet);
    // Each starter is as likely as the scenes that are put together are in all.
    const at = Math.floor(Math.random() * (starters.length + (scene ? 1 : 0)));
    if (starters[at]) this.#put(starters[at]);
    else if (scene) this.sheet.compose(scene);
  }

  #put(address) {
    this.sheet.put(address).catch(() => this.outcome.tell("That picture cannot be read: choose a PNG, JPEG or WebP.", true));
  }

  async #open(input) {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    const { turn, size, paper, palette } = this.sheet;
    const source = file && (await squareOf(file, { size, paper, exact: Boolean(palette) }).catch(() => "data:,"));
    if (source && turn === this.sheet.turn) this.#put(source);
  }

  /** Put on the sheet what the server derives of a photo, as the model's training did. */
  async #derive(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    this.#photo = file;
    const { turn, size, paper } = this.sheet;
    const { key, source } = this.#entry;
    // Of photos in quick succession the last one counts, and none of another model's.
    const wanted = () => this.#photo === file && turn === this.sheet.turn;
    this.outcome.tell(`Making the ${source} of your photo …`);
    this.outcome.wait();
    try {
      const body = await sized(file, size).catch(() => {
        throw new Error("That photo cannot be read: choose a PNG, JPEG or WebP.");
      });
      const answer = await made(new URL(`api/derive/${encodeURIComponent(key)}`, document.baseURI).href, body);
      const address = await squareOf(answer, { size, paper, exact: true });
      if (wanted()) this.#put(address);
    } catch (error) {
      if (wanted()) this.outcome.tell(error.message, true);
    }
  }

  // --- What becomes of the drawing -----------------------------------------------------------------------------------

  #drawn() {
    if (!this.#entry || !this.undo) return;
    const { sheet } = this;
    const change = this.outcome.changed();
    this.dispatchEvent(new CustomEvent("drawn", { detail: { change } }));
    if (sheet.empty) {
      this.newest.stop();
      this.outcome.hide();
    } else if (this.isConnected) {
      this.outcome.wait();
      this.newest.ask(this.#address, () => png(sheet.pixels(), !sheet.palette), change);
    }
    // The empty sheet that a drawing is about to be restored on must not be kept in its place.
    const blank = this.#restoring && !sheet.canUndo && !sheet.canRedo;
    if (!sheet.stroke && !blank) keep(this.#entry, sheet);
    // In the midst of a stroke there is nothing new to tell, and no time to lose.
    if (!sheet.stroke || !this.#$("#invitation").hidden) this.#mark();
  }

  async #shown(answer) {
    // A sheet that was cleared meanwhile has hidden what is of it: no answer to an older change is shown.
    if (!(await this.outcome.show(answer))) return;
    this.saveResult.disabled = false;
    const { change, milliseconds, trip } = answer;
    this.dispatchEvent(new CustomEvent("shown", { detail: { change, milliseconds, trip } }));
  }

  async #save(result) {
    const { key, target } = this.#entry;
    if (result) save(this.outcome.blob, `${key}-${target}.png`);
    else save(await pngOf(this.sheet.canvas), `${key}-drawing.png`);
  }

  async #share() {
    const { key, target } = this.#entry;
    const both = await sideBySide(this.sheet.canvas, this.outcome.picture);
    const files = [new File([both], `${key}.png`, { type: "image/png" })];
    // Whoever closes the list of places to share to has not met an error.
    await navigator.share({ files, title: `My drawing as ${target}` }).catch(() => {});
  }
}

customElements.define("drawing-sheet", DrawingSheet);
