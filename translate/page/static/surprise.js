/** A scene that nobody drew: stamps on a ground, here and there. */

import { classOf, offered, STAMPS } from "./stamps.js";

const GROUND = { of: ["grass", "lawn", "ground", "terrain", "road", "pavement"] };

/** Marks of a scene on a sheet of this side; null where the palette has nothing that it could be made of. */
export function surprise({ side, palette, widths }, random = Math.random) {
  const usable = offered(palette).filter((name) => name !== "window" && name !== "door");
  if (!usable.length) return null;
  const between = (low, high) => low + (high - low) * random();
  const ground = between(0.76, 0.86) * side;
  const marks = [];
  const put = (name, x, scale, bottom = ground) => {
    if (!usable.includes(name)) return;
    const reach = (scale * STAMPS[name].share * side) / 2;
    // What stands has its foot at 97 of the box's 100.
    marks.push({ tool: "stamp", name, points: [[x * side, bottom - 0.94 * reach]], reach, width: widths.pen[0] });
  };
  const left = random() < 0.5;
  put("sun", left ? between(0.12, 0.25) : between(0.75, 0.88), between(0.8, 1.2), between(0.24, 0.3) * side);
  put("cloud", between(0.35, 0.65), between(0.8, 1.2), between(0.24, 0.32) * side);
  put("cloud", left ? between(0.72, 0.85) : between(0.15, 0.28), between(0.6, 0.9), between(0.28, 0.36) * side);
  const lawn = palette && classOf(GROUND, palette);
  if (lawn) marks.push({ tool: "box", points: [[0, ground - 2], [side, side]], width: 1, colour: palette[lawn] });
  if (!palette) marks.push({ tool: "line", points: [[0, ground], [side, ground]], width: widths.pen[0], colour: "#000000" });
  const two = random() < 0.5;
  put("tree", left ? between(0.06, 0.12) : between(0.88, 0.94), between(0.8, 1.1));
  put("house", two ? between(0.26, 0.32) : between(0.42, 0.58), two ? between(0.75, 0.9) : between(0.95, 1.2));
  if (two) put("house", between(0.68, 0.74), between(0.7, 0.95));
  put("tree", left ? between(0.86, 0.94) : between(0.06, 0.14), between(0.7, 1));
  return marks;
}
