/**
 * How a mark on a sheet is painted. A mark is plain data, so that a drawing can be kept as text:
 *
 *   pen, eraser        points, width, colour      a stroke
 *   line, box          points (two), width, colour
 *   fill               points (one), colour       the area of one colour around the point
 *   stamp              points (its middle), reach (half its side), name, width
 *   picture            source                     covers the whole sheet
 *   scene              marks                      covers the whole sheet
 *   clear
 *
 * A sheet of edges is ink on paper, with soft borders. A sheet of labels knows the colours of its palette alone: whatever
 * is painted covers a pixel wholly or not at all.
 */

import { classOf, STAMPS } from "./stamps.js";

/** A canvas whose pixels are kept in memory, where reading them gives back what was written. */
export function surface(width, height, canvas = document.createElement("canvas")) {
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext("2d", { willReadFrequently: true });
}

/** Whether nothing that was there before can be seen any more. */
export const covers = ({ tool }) => tool === "clear" || tool === "picture" || tool === "scene";

/** Paint a mark; `look` is the sheet's: side, paper, palette (null for edges), pictures (by source, at the sheet's size). */
export function paint(context, mark, look) {
  const colour = mark.tool === "eraser" ? look.paper : mark.colour;
  if (covers(mark)) {
    context.fillStyle = look.paper;
    context.fillRect(0, 0, look.side, look.side);
  }
  if (mark.tool === "picture") context.drawImage(look.pictures.get(mark.source), 0, 0);
  if (mark.tool === "scene") for (const inner of mark.marks) paint(context, inner, look);
  if (mark.tool === "stamp") stamp(context, mark, look);
  if (mark.tool === "fill") fill(context, mark.points[0].map(Math.floor), number(colour), look.side);
  if (["pen", "eraser", "line"].includes(mark.tool)) lay(context, colour, look, reachOf(mark), (on) => stroke(on, mark));
  if (mark.tool === "box") lay(context, colour, look, reachOf(mark), (on) => box(on, mark, look));
}

// --- Shapes ----------------------------------------------------------------------------------------------------------

function stroke(context, { points, width }) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = width;
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

function box(context, { points, width }, { palette }) {
  const [[left, top], [right, bottom]] = [points[0], points.at(-1)];
  context.lineJoin = "miter";
  context.lineWidth = width;
  if (palette) context.fillRect(left, top, right - left, bottom - top);
  else context.strokeRect(left, top, right - left, bottom - top);
}

function stamp(context, { name, points: [[x, y]], reach, width }, look) {
  const place = new DOMMatrix([reach / 50, 0, 0, reach / 50, x - reach, y - reach]);
  for (const part of STAMPS[name].parts) {
    const path = new Path2D();
    path.addPath(new Path2D(part.path), place);
    if (look.palette) {
      const named = classOf(part, look.palette);
      if (named) lay(context, look.palette[named], look, [x - reach, y - reach, x + reach, y + reach], (on) => on.fill(path));
    } else {
      context.fillStyle = look.paper;
      if (part.of) context.fill(path);
      context.strokeStyle = "#000";
      context.lineWidth = width;
      context.lineCap = context.lineJoin = "round";
      context.stroke(path);
    }
  }
}

/** Left, top, right and bottom of what a mark of points and a width can touch. */
function reachOf({ points, width = 0 }) {
  const reach = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    reach[0] = Math.min(reach[0], x - width);
    reach[1] = Math.min(reach[1], y - width);
    reach[2] = Math.max(reach[2], x + width);
    reach[3] = Math.max(reach[3], y + width);
  }
  return reach;
}

// --- Colours ---------------------------------------------------------------------------------------------------------

let scratch = null;

/** Draw in one colour; on a sheet of labels a pixel that is covered by half or more has it, and no other is touched. */
function lay(context, colour, { side, palette }, reach, draw) {
  if (!palette) {
    context.fillStyle = context.strokeStyle = colour;
    draw(context);
    return;
  }
  const [left, top] = [reach[0], reach[1]].map((place) => Math.max(0, Math.floor(place) - 1));
  const [right, bottom] = [reach[2], reach[3]].map((place) => Math.min(side, Math.ceil(place) + 1));
  if (right <= left || bottom <= top) return;
  if (scratch?.canvas.width !== side) scratch = surface(side, side);
  scratch.clearRect(left, top, right - left, bottom - top);
  draw(scratch);
  const over = scratch.getImageData(left, top, right - left, bottom - top).data;
  const image = context.getImageData(left, top, right - left, bottom - top);
  const pixels = new Uint32Array(image.data.buffer);
  const wanted = number(colour);
  for (let at = 0; at < pixels.length; at++) if (over[4 * at + 3] >= 128) pixels[at] = wanted;
  context.putImageData(image, left, top);
}

/** Give the area of one colour around a point another one. */
function fill(context, [x, y], wanted, side) {
  const image = context.getImageData(0, 0, side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const found = pixels[y * side + x];
  if (x < 0 || y < 0 || x >= side || y >= side || found === wanted) return;
  const open = [y * side + x];
  while (open.length) {
    const seed = open.pop();
    if (pixels[seed] !== found) continue;
    const row = seed - (seed % side);
    let [from, to] = [seed, seed];
    while (from > row && pixels[from - 1] === found) from--;
    while (to < row + side - 1 && pixels[to + 1] === found) to++;
    pixels.fill(wanted, from, to + 1);
    for (const beside of [-side, side]) {
      for (let at = from + beside; at <= to + beside; at++) {
        // The last pixel of each run of the row above or below stands for the run.
        if (pixels[at] === found && (at === to + beside || pixels[at + 1] !== found)) open.push(at);
      }
    }
  }
  context.putImageData(image, 0, 0);
}

/** "#rrggbb" as an opaque pixel in memory, whose first byte is red. */
function number(colour) {
  const value = parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** Make every pixel of a canvas the colour of the palette that is nearest to it. */
export function toPalette(context, palette) {
  const { width, height } = context.canvas;
  const image = context.getImageData(0, 0, width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = Object.values(palette).map(number);
  const known = new Map();
  const apart = (one, other) =>
    [0, 8, 16].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
  for (let at = 0; at < pixels.length; at++) {
    const pixel = pixels[at];
    if (!known.has(pixel)) {
      known.set(pixel, colours.reduce((best, colour) => (apart(colour, pixel) < apart(best, pixel) ? colour : best)));
    }
    pixels[at] = known.get(pixel);
  }
  context.putImageData(image, 0, 0);
}
