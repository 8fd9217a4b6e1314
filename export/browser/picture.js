/**
 * Moves bytes between files, canvases and the model.
 *
 * The graph normalises, pads and crops by itself, so that all there is to do is what `translate.pixels` does in Python:
 * upright (EXIF), colours as stored, transparency over white, and grey by ITU-R 601 as Pillow rounds it.
 */

import { surface } from "./marks.js";
import { grey } from "./sheet.js";
import { Told } from "./words.js";

/** Most pixels that are translated: WebAssembly has 4 GB, and a network keeps hundreds of numbers a pixel. */
export const MOST = 2_000_000;
/** So many as a processor translates in patience. */
export const QUICK = 500_000;

/**
 * Decode a picture.
 *
 * @param {Blob} blob a file of any format that the browser knows.
 * @param {{pixels?: number, short?: number}} size what it is scaled down to where it is larger: a number of pixels, a
 *   length of its shorter side.
 * @returns {Promise<{canvas: HTMLCanvasElement, width: number, height: number, from: [number, number]}>} opaque;
 *   `from` is the width and height that it had.
 */
export async function decode(blob, size) {
  const name = blob.name || "The picture";
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", imageOrientation: "from-image" });
  } catch {
    throw new Told(`${name} is not a picture that this browser can read: give a PNG, JPEG or WebP.`);
  }
  const from = [bitmap.width, bitmap.height];
  const [width, height] = fitted(...from, size);
  const context = surface(width, height);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return { canvas: context.canvas, width, height, from };
}

/** Width and height, made smaller where they have to be, at least one pixel each. */
export function fitted(width, height, { pixels = MOST, short = Infinity }) {
  const scale = Math.min(1, short / Math.min(width, height));
  const within = Math.min(scale, Math.sqrt(pixels / (width * height)));
  // Rounded down where a number of pixels decides, so that it is kept.
  const round = within < scale ? Math.floor : Math.round;
  return [width, height].map((side) => Math.max(1, round(side * within)));
}

/** The canvas as the model takes it: uint8 [H, W, channels] in a row. */
export function bytesOf(canvas, channels) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array((data.length / 4) * channels);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const [red, green, blue] = [data[from], data[from + 1], data[from + 2]];
    if (channels === 1) {
      bytes[to++] = grey(red, green, blue);
    } else {
      bytes[to++] = red;
      bytes[to++] = green;
      bytes[to++] = blue;
    }
  }
  return bytes;
}

/** Put what the model gave onto a canvas. */
export function show(canvas, { bytes, width, height, channels }) {
  const context = surface(width, height, canvas);
  const image = context.createImageData(width, height);
  const colour = channels === 1 ? 0 : 1;
  for (let from = 0, to = 0; to < image.data.length; from += channels, to += 4) {
    image.data[to] = bytes[from];
    image.data[to + 1] = bytes[from + colour];
    image.data[to + 2] = bytes[from + 2 * colour];
    image.data[to + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Whether the browser gives back the pixels that were drawn; some add noise to them against fingerprinting. */
export function honest() {
  const context = surface(16, 16);
  const image = context.createImageData(16, 16);
  image.data.forEach((_, at) => (image.data[at] = at % 4 === 3 ? 255 : (at * 37) % 256));
  context.putImageData(image, 0, 0);
  return context.getImageData(0, 0, 16, 16).data.every((level, at) => level === image.data[at]);
}
