/** Fields of our own elements: sliders, choices of a few, and the small pictures that are pressed. */

import { button } from "./buttons.js";
import { copy } from "./thumbnails.js";

/** An element with a class, text and what is in it. */
export function part(tag, kind = "", ...inner) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...inner);
  return made;
}

/**
 * A slider with its name, its value, and what its ends are called.
 *
 * @param {function(number)} act called while it moves.
 * @param {function(number): string} said the value in words.
 */
export function slider(name, { least, most, step, value, low = "", high = "", note = "", said, act }) {
  const input = part("input");
  Object.assign(input, { type: "range", min: least, max: most, step, value });
  const shown = part("span", "value"); // an <output> would take the label for its own
  const tell = () => {
    shown.textContent = said(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    act(Number(input.value));
  });
  const made = part("label", "slider", part("span", "name", name), shown, input);
  if (low || high) made.append(part("small", "", low), part("small", "", high));
  if (note) made.title = note;
  made.set = (to) => {
    input.value = to;
    tell();
  };
  tell();
  return made;
}

/** Buttons of which one is pressed: `choices` are values and their names. */
export function choices(told, chosen, options, act) {
  const made = part("span", "group");
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", told);
  for (const [value, name, more] of options) {
    made.append(button(more ?? name, "", () => act(value), { shown: name, pressed: value === chosen }));
  }
  return made;
}

/** A small picture that does something when it is pressed. */
export function tile(told, canvas, act, { shown = "", pressed } = {}) {
  const made = button(told, "", act, { pressed, kind: "tile" });
  made.append(copy(canvas));
  if (shown) made.append(part("span", "under", shown));
  return made;
}
