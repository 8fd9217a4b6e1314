/** Pictures to and from files. */

/** An opaque canvas as a PNG. */
export function pngOf(canvas) {
  const { width, height } = canvas;
  // Beside the page's canvas, because browsers put off the encoding of that one until they are idle.
  const copy = new OffscreenCanvas(width, height);
  copy.getContext("2d", { alpha: false }).drawImage(canvas, 0, 0);
  return copy.convertToBlob({ type: "image/png" });
}

/**
 * A file as the data: URL of a square PNG, on paper of a colour where it is not square.
 *
 * @param {boolean} exact whether its colours mean something: no others are made between them.
 */
export async function squareOf(file, { size, paper, exact }) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", imageOrientation: "from-image" });
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = paper;
  context.fillRect(0, 0, size, size);
  context.imageSmoothingEnabled = !exact;
  context.imageSmoothingQuality = "high";
  const scale = size / Math.max(bitmap.width, bitmap.height);
  // Of whole pixels, as its edges would be blended with the paper.
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  context.drawImage(bitmap, Math.floor((size - width) / 2), Math.floor((size - height) / 2), width, height);
  bitmap.close();
  return canvas.toDataURL();
}

/** A file as a PNG whose longer side is `size`, on white where it is transparent, as the server would read it. */
export async function sized(file, size) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", imageOrientation: "from-image" });
  const scale = size / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

/** The drawing and what became of it, in one picture. */
export function sideBySide(drawing, result) {
  const side = drawing.width;
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * side, height: side });
  const context = canvas.getContext("2d", { alpha: false });
  context.imageSmoothingQuality = "high";
  context.drawImage(drawing, 0, 0, side, side);
  context.drawImage(result, side, 0, side, side);
  return pngOf(canvas);
}

/** Hand a file to the visitor. */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
