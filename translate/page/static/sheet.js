/** A sheet to draw on, edges or areas of labels; by mouse, finger, stylus or keyboard. See marks.js. */

import { covers, paint, surface, toPalette } from "./marks.js";
import { classOf, STAMPS } from "./stamps.js";

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** ITU-R 601 luma in 16 bits of fraction, as Pillow has it. */
export const grey = (red, green, blue) => (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

/**
 * The drawing is a list of marks, so that undoing one is painting the others again. The sheet is finer than the model by
 * a whole factor, so that strokes become smooth, and the pen a few of the model's pixels wide.
 *
 * What a visitor chooses: `tool` (pen, eraser, line, box, fill, stamp), `stamp` (a name), `colour` ("#rrggbb"), `thickness`
 * (0, 1, 2).
 */
export class Sheet extends EventTarget {
  /** Dispatches `change` after every mark or part of one. */
  constructor(canvas, cursor) {
    super();
    this.canvas = canvas;
    this.cursor = cursor;
    this.tool = "pen";
    this.stamp = "house";
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => event.pointerId === this.pointer && this.#lift());
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#lift());
  }

  /**
   * A new sheet for a model that was trained on squares of `size`.
   *
   * @param {?Object<string, string>} palette names and colours of labels, the first of which is the paper; null: edges.
   */
  start(size, palette = null) {
    this.size = size;
    this.scale = Math.ceil(512 / size);
    this.side = size * this.scale;
    this.palette = palette;
    this.paper = palette ? Object.values(palette)[0] : "#ffffff";
    // Most begin with a house.
    const first = palette && (classOf(STAMPS.house.parts[0], palette) ?? Object.keys(palette)[1]);
    this.colour = palette ? (palette[first] ?? this.paper) : "#000000";
    this.thickness = palette ? 1 : 0;
    const share = (parts) => parts.map((part) => Math.max(this.scale, Math.floor(this.side / part)));
    this.widths = { pen: share(palette ? [42, 16, 7] : [170, 85, 42]), eraser: share([20, 10, 5]) };
    this.context = surface(this.side, this.side, this.canvas);
    this.done = surface(this.side, this.side);
    this.pictures = new Map();
    this.at = [this.side / 2, this.side / 2];
    this.cursor.hidden = true;
    this.turn = (this.turn ?? 0) + 1;
    this.stroke = this.pointer = null;
    this.#take([], []);
  }

  /** Whether there is nothing on it. */
  get empty() {
    return !this.stroke && (this.marks.at(-1)?.tool ?? "clear") === "clear";
  }

  get canUndo() {
    return this.marks.length > 0;
  }

  get canRedo() {
    return this.undone.length > 0;
  }

  clear() {
    this.#lift();
    if (!this.empty) this.#keep({ tool: "clear" });
  }

  undo() {
    this.#lift();
    if (this.canUndo) this.#take(this.marks.slice(0, -1), [...this.undone, this.marks.at(-1)]);
  }

  redo() {
    this.#lift();
    if (this.canRedo) this.#take([...this.marks, this.undone.at(-1)], this.undone.slice(0, -1));
  }

  /** Put several marks on an empty sheet, as one. */
  compose(marks) {
    this.#lift();
    this.#keep({ tool: "scene", marks });
  }

  /** Put a picture on the sheet, to draw on; `source` is its address, a data: URL where the drawing is to be kept. */
  async put(source) {
    const { turn } = this;
    await this.#load([{ tool: "picture", source }]);
    if (turn !== this.turn) return;
    this.#lift();
    this.#keep({ tool: "picture", source });
  }

  /** All that `restore` needs, as plain data. */
  get state() {
    return { side: this.side, marks: this.marks, undone: this.undone };
  }

  /** Take up a drawing of this size where it was left; one of another size is not. */
  async restore({ side, marks, undone }) {
    const { turn } = this;
    if (side !== this.side) return;
    await this.#load([...marks, ...undone]);
    if (turn === this.turn && !this.canUndo) this.#take(marks, undone);
  }

  /** The drawing at the model's size, opaque: of ink each pixel the mean of those it stands for, of labels one of them. */
  pixels() {
    const { size, scale, side } = this;
    const fine = this.context.getImageData(0, 0, side, side).data;
    const image = new ImageData(size, size);
    const pixels = new Uint32Array(image.data.buffer);
    const labels = new Uint32Array(fine.buffer);
    for (let to = 0; to < pixels.length; to++) {
      const corner = Math.floor(to / size) * scale * side + (to % size) * scale;
      pixels[to] = this.palette ? labels[corner] : 0xff000000 + 0x10101 * mean(fine, corner, scale, side);
    }
    return image;
  }

  /** The same on a canvas. */
  picture() {
    const context = surface(this.size, this.size);
    context.putImageData(this.pixels(), 0, 0);
    return context.canvas;
  }

  // --- What the visitor does -----------------------------------------------------------------------------------------

  #down(event) {
    // The other end of some styluses is an eraser.
    const tool = event.button === 5 ? "eraser" : this.tool;
    if (!(event.button === 0 || event.button === 5) || this.stroke) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.cursor.hidden = true;
    this.#begin(this.#place(event), tool);
  }

  #move(event) {
    if (!this.stroke || event.pointerId !== this.pointer || !event.buttons) return;
    // Browsers gather several movements into one event; each of them is a point.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const moved of events.length ? events : [event]) this.#to(this.#place(moved));
    this.#show();
  }

  #key(event) {
    const control = event.ctrlKey || event.metaKey;
    const letter = event.key.toLowerCase();
    if (control && (letter === "y" || (letter === "z" && event.shiftKey))) {
      this.redo();
    } else if (control && letter === "z") {
      this.undo();
    } else if (event.key === " ") {
      if (this.stroke) this.#lift();
      else this.#begin([...this.at], this.tool);
      if (this.tool === "fill") this.#lift();
    } else if (event.key === "Escape") {
      this.#lift();
    } else if (event.key in STEP && !control && !event.altKey) {
      const far = (this.side / 64) * (event.shiftKey ? 5 : 1);
      this.at = this.at.map((place, axis) => Math.min(this.side, Math.max(0, place + far * STEP[event.key][axis])));
      if (this.stroke) {
        this.#to([...this.at]);
        this.#show();
      }
    } else {
      return;
    }
    event.preventDefault();
    this.#point();
  }

  /** Show where the keyboard's pen is. */
  #point() {
    this.cursor.hidden = false;
    this.cursor.classList.toggle("down", Boolean(this.stroke));
    this.cursor.style.left = `${(100 * this.at[0]) / this.side}%`;
    this.cursor.style.top = `${(100 * this.at[1]) / this.side}%`;
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const tenths = (place) => Math.round((10 * place * this.side) / box.width) / 10;
    this.at = [event.clientX - box.left, event.clientY - box.top].map(tenths);
    return [...this.at];
  }

  // --- Marks ---------------------------------------------------------------------------------------------------------

  #begin(point, tool) {
    const { stamp: name, side, colour } = this;
    const width = this.widths[tool === "eraser" ? "eraser" : "pen"][this.thickness];
    if (tool === "stamp") {
      // Stamps are drawn as finely as the pen can, whatever its width is now.
      const reach = (STAMPS[name].share * side) / 2;
      this.stroke = { tool, name, points: [point], reach, width: this.widths.pen[0] };
    } else {
      this.stroke = { tool, points: [point], width, colour };
    }
    this.#show();
  }

  #to(point) {
    const { tool, points } = this.stroke;
    if (tool === "pen" || tool === "eraser") points.push(point);
    if (tool === "line" || tool === "box") points[1] = point;
    if (tool === "stamp") {
      const far = Math.hypot(point[0] - points[0][0], point[1] - points[0][1]);
      // A finger never keeps quite still: only a way of some length is meant as a size.
      if (far > this.side / 32) this.stroke.reach = far;
    }
  }

  #lift() {
    this.cursor.classList.remove("down");
    const { stroke } = this;
    this.stroke = this.pointer = null;
    if (stroke) this.#keep(stroke);
  }

  #keep(mark) {
    this.marks.push(mark);
    this.undone = [];
    paint(this.done, mark, this);
    this.#show();
  }

  #take(marks, undone) {
    this.marks = marks;
    this.undone = undone;
    paint(this.done, { tool: "clear" }, this);
    const from = Math.max(0, marks.findLastIndex(covers));
    for (const mark of marks.slice(from)) paint(this.done, mark, this);
    this.#show();
  }

  #show() {
    this.context.drawImage(this.done.canvas, 0, 0);
    if (this.stroke) paint(this.context, this.stroke, this);
    this.dispatchEvent(new Event("change"));
  }

  /** Decode the pictures among the marks, at the sheet's size and in its colours. */
  async #load(marks) {
    const { side, palette, pictures } = this;
    for (const { source } of marks.filter(({ tool }) => tool === "picture")) {
      if (pictures.has(source)) continue;
      const image = new Image();
      image.src = source;
      await image.decode();
      const context = surface(side, side);
      // Each pixel of the picture becomes a square of the sheet's, so that the model is given the picture as it was.
      context.imageSmoothingEnabled = false;
      context.drawImage(image, 0, 0, side, side);
      if (palette) toPalette(context, palette);
      pictures.set(source, context.canvas);
    }
  }
}

/** Grey of a square of `scale` pixels, the first of which is the one of this number. */
function mean(fine, first, scale, side) {
  let sum = 0;
  for (let row = 0; row < scale; row++) {
    const from = 4 * (first + row * side);
    for (let at = from; at < from + 4 * scale; at += 4) sum += grey(fine[at], fine[at + 1], fine[at + 2]);
  }
  return Math.round(sum / (scale * scale));
}
