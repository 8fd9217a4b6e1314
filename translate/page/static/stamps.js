/**
 * Things that are put on a sheet in one go: shapes in a box of 100 × 100, as line drawings or as areas of labels.
 *
 * `of` names the classes that a shape may be in a label map, the best first; a shape without is a line, which label maps
 * leave out. Shapes cover what lies beneath them, in the order given. `share` is the box's usual side as one of the
 * sheet's; `button` is what its button shows instead.
 */

const WALL = ["wall", "house", "building", "facade"];
const TREE = ["tree", "vegetation", "plant", "bush"];

export const STAMPS = {
  house: {
    share: 0.5,
    parts: [
      { path: "M14 96V46H86V96Z", of: WALL },
      { path: "M66 36V12H77V44Z", of: ["chimney", "roof", ...WALL] },
      { path: "M5 48L50 10L95 48Z", of: ["roof", ...WALL] },
      { path: "M42 96V68H58V96Z", of: ["door"] },
      { path: "M22 75V58H35V75ZM65 75V58H78V75Z", of: ["window"] },
      { path: "M28.5 58V75M22 66H35M71.5 58V75M65 66H78M54 83V85" },
    ],
  },
  window: {
    share: 0.12,
    parts: [
      { path: "M15 8H85V92H15Z", of: ["window"] },
      { path: "M50 8V92M15 48H85" },
    ],
  },
  door: {
    share: 0.2,
    parts: [
      { path: "M24 98V6H76V98Z", of: ["door"] },
      { path: "M35 18H65V44H35ZM66 54V60" },
    ],
  },
  tree: {
    share: 0.38,
    parts: [
      { path: "M44 98V58H56V98Z", of: ["trunk", ...TREE] },
      {
        path: "M50 72C38 80 16 74 18 57C4 50 8 30 24 30C26 8 52 2 61 15C78 10 92 26 85 41C98 54 84 74 68 70C62 77 55 76 50 72Z",
        of: TREE,
      },
    ],
  },
  sun: {
    share: 0.16,
    parts: [{ path: "M50 8A42 42 0 0 1 50 92A42 42 0 0 1 50 8Z", of: ["sun"] }],
    button: "M50 27A23 23 0 0 1 50 73A23 23 0 0 1 50 27ZM50 4V14M50 86V96M4 50H14M86 50H96M18 18L25 25M75 75L82 82M82 18L75 25M25 75L18 82",
  },
  cloud: {
    share: 0.28,
    parts: [{ path: "M10 70C-2 66 2 48 18 49C18 32 42 26 51 38C64 26 84 34 82 49C98 47 102 66 90 70Z", of: ["cloud"] }],
  },
};

/** The class of the palette that a shape is, or undefined; names are compared without regard to case. */
export function classOf(part, palette) {
  const named = Object.keys(palette);
  return part.of?.map((word) => named.find((name) => name.toLowerCase() === word)).find(Boolean);
}

/** Names of the stamps that this kind of sheet can have: all as lines, those of known classes as labels. */
export function offered(palette) {
  return Object.keys(STAMPS).filter((name) => !palette || STAMPS[name].parts.some((part) => classOf(part, palette)));
}
