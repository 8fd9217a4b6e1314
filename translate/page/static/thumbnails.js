/** Small pictures of seeds: many are asked for at once, and each is drawn once. */

import { made } from "./newest.js";

/** Pictures of one question, and canvases that are kept. */
const AT_ONCE = 64;
const MOST = 1000;
/** Longest side in pixels of one that is kept. */
const SIDE = 128;

export class Thumbnails {
  #known = new Map();

  /** @param {string} address where pictures are drawn. */
  constructor(address) {
    this.address = address;
  }

  /**
   * The pictures of seeds, in their order.
   *
   * @param {object} more what else the server is asked for with each: the label.
   * @returns {Promise<HTMLCanvasElement[]>} one may be shown in several places: copy it.
   */
  async of(seeds, more) {
    const name = (seed) => `${JSON.stringify(more)} ${seed}`;
    const missing = [...new Set(seeds)].filter((seed) => !this.#known.has(name(seed)));
    while (missing.length) {
      const some = missing.splice(0, AT_ONCE);
      const columns = Math.min(8, some.length);
      const blob = await made(this.address, JSON.stringify({ seeds: some, columns, ...more }));
      const cut = await cuts(blob, some.length, columns);
      some.forEach((seed, at) => this.#known.set(name(seed), cut[at]));
    }
    const found = seeds.map((seed) => this.#known.get(name(seed)));
    for (const old of [...this.#known.keys()].slice(0, Math.max(0, this.#known.size - MOST))) this.#known.delete(old);
    return found;
  }
}

/** The pictures of a sheet of so many in so many columns, a canvas each. */
export async function cuts(blob, count, columns) {
  const sheet = await createImageBitmap(blob);
  const [width, height] = [sheet.width / columns, sheet.height / Math.ceil(count / columns)];
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const found = Array.from({ length: count }, (_, at) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    const [left, top] = [width * (at % columns), height * Math.floor(at / columns)];
    context.drawImage(sheet, left, top, width, height, 0, 0, canvas.width, canvas.height);
    return canvas;
  });
  sheet.close();
  return found;
}

/** Another canvas with the same picture: an element is in one place alone. */
export function copy(canvas) {
  const made = document.createElement("canvas");
  [made.width, made.height] = [canvas.width, canvas.height];
  made.getContext("2d").drawImage(canvas, 0, 0);
  return made;
}
