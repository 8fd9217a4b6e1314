/** Keeps a visitor's drawings while the tab is open: over another choice, and over a reload of the page. */

/** Letters of one drawing that are kept for a reload; of a longer one, what it looks like. */
const LONGEST = 300_000;
const drawings = new Map();

/** Keep the drawing for this entry, where it was left. */
export function keep(entry, sheet) {
  const place = where(entry);
  const { state } = sheet;
  drawings.set(place, state);
  let text = JSON.stringify(state);
  if (text.length > LONGEST) {
    const source = sheet.picture().toDataURL();
    text = JSON.stringify({ ...state, marks: [{ tool: "picture", source }], undone: [] });
  }
  try {
    if (state.marks.length + state.undone.length) sessionStorage.setItem(place, text);
    else sessionStorage.removeItem(place);
  } catch {
    // No room, or not allowed: the drawing lives as long as the page does.
  }
}

/** The drawing that was kept for this entry, or null. */
export function kept(entry) {
  const place = where(entry);
  if (drawings.has(place)) return drawings.get(place);
  try {
    return JSON.parse(sessionStorage.getItem(place));
  } catch {
    return null;
  }
}

// A drawing for another kind of sheet is of no use, should the model's file be exchanged for another one.
const where = ({ key, palette }) => `drawing of ${palette ? "labels" : "edges"} for ${key}`;
