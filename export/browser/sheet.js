/** A sheet to draw edges on: pen, eraser, undo, clear; by mouse, finger, stylus or keyboard. */

import { grey, surface } from "./picture.js";

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * The drawing is a list of strokes, so that undoing one is drawing the others again. The sheet is finer than the model
 * by a whole factor, so that strokes become smooth, and the pen a few of the model's pixels wide.
 */
export class Sheet extends EventTarget {
  /** Dispatches `change` after every stroke or part of one. */
  constructor(canvas, cursor) {
    super();
    this.canvas = canvas;
    this.cursor = cursor;
    this.tool = "pen";
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.#lift());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#lift());
  }

  /** A new sheet for a model that was trained on squares of `size`. */
  start(size) {
    this.size = size;
    this.scale = Math.ceil(512 / size);
    this.side = size * this.scale;
    this.widths = { pen: Math.max(this.scale, Math.floor(this.side / 170)), eraser: Math.floor(this.side / 16) };
    this.context = surface(this.side, this.side, this.canvas);
    this.at = [this.side / 2, this.side / 2];
    this.cursor.hidden = true;
    this.clear();
  }

  get empty() {
    return this.strokes.length === 0;
  }

  clear() {
    this.strokes = [];
    this.#lift();
    this.#redraw();
  }

  undo() {
    this.strokes.pop();
    this.#lift();
    this.#redraw();
  }

  /** The drawing at the model's size, opaque, each pixel the mean of those it stands for. */
  picture() {
    const { size, scale, side } = this;
    const fine = this.context.getImageData(0, 0, side, side).data;
    const context = surface(size, size);
    const image = context.createImageData(size, size);
    for (let to = 0; to < size * size; to++) {
      const corner = Math.floor(to / size) * scale * side + (to % size) * scale;
      let sum = 0;
      for (let row = 0; row < scale; row++) {
        for (let column = 0; column < scale; column++) {
          const from = 4 * (corner + row * side + column);
          sum += grey(fine[from], fine[from + 1], fine[from + 2]);
        }
      }
      image.data.fill(Math.round(sum / (scale * scale)), 4 * to, 4 * to + 3);
      image.data[4 * to + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return context.canvas;
  }

  #down(event) {
    if (event.button !== 0 || this.stroke) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor.hidden = true;
    this.#begin(this.#place(event));
  }

  #move(event) {
    if (!this.stroke || !event.buttons) return;
    // Browsers gather several movements into one event; each of them is a point.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const moved of events.length ? events : [event]) this.#to(this.#place(moved));
  }

  #key(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      this.undo();
    } else if (event.key === " ") {
      if (this.stroke) this.#lift();
      else this.#begin([...this.at]);
    } else if (event.key === "Escape") {
      this.#lift();
    } else if (event.key in STEP && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const far = (this.side / 64) * (event.shiftKey ? 5 : 1);
      this.at = this.at.map((place, axis) => Math.min(this.side, Math.max(0, place + far * STEP[event.key][axis])));
      if (this.stroke) this.#to([...this.at]);
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
    this.at = [event.clientX - box.left, event.clientY - box.top].map((place) => (place * this.side) / box.width);
    return [...this.at];
  }

  #begin(point) {
    this.stroke = { tool: this.tool, points: [point] };
    this.strokes.push(this.stroke);
    this.#redraw();
  }

  #to(point) {
    this.stroke.points.push(point);
    this.#redraw();
  }

  #lift() {
    if (this.stroke) this.dispatchEvent(new Event("change"));
    this.stroke = null;
    this.cursor.classList.remove("down");
  }

  #redraw() {
    const { context, side } = this;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    context.lineCap = context.lineJoin = "round";
    for (const { tool, points } of this.strokes) {
      context.strokeStyle = tool === "pen" ? "#000" : "#fff";
      context.lineWidth = this.widths[tool];
      context.beginPath();
      context.moveTo(...points[0]);
      // Through the middles between points, so that corners of the mouse's way become curves.
      for (let at = 1; at < points.length - 1; at++) {
        const [x, y] = points[at];
        context.quadraticCurveTo(x, y, (x + points[at + 1][0]) / 2, (y + points[at + 1][1]) / 2);
      }
      context.lineTo(...points.at(-1));
      context.stroke();
    }
    this.dispatchEvent(new Event("change"));
  }
}
