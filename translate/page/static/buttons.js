/** What the drawing's tools look like: icons of our own, and buttons that say what they do. */

import { STAMPS } from "./stamps.js";

const ICONS = {
  pen: "M4 20l1-4.5L16.5 4a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L8.5 19z M14.5 6l3.5 3.5",
  eraser: "M4.5 15.500l9.5-10a1.5 1.5 0 0 1 2 0l4 4a1.5 1.5 0 0 1 0 2L12.5 19H8z M9.5 10.500l6 6 M4 21h16",
  line: "M5 19L19 5",
  box: "M4.5 6h15v12h-15z",
  fill: "M11 4l7.5 7.5-7 7a1.5 1.5 0 0 1-2 0l-5-5a1.5 1.5 0 0 1 0-2z M5 12.500h13 M20.5 15.500c1.5 2 1.5 4 0 4s-1.5-2 0-4z",
  undo: "M8.5 5L4 9.5 8.5 14 M4 9.500h9.500a5.5 5.5 0 0 1 0 11H9",
  redo: "M15.5 5L20 9.5 15.5 14 M20 9.500h-9.500a5.5 5.5 0 0 0 0 11H15",
  clear: "M4.5 7h15 M9.5 7V4.500h5V7 M6.5 7l1 13h9l1-13 M10.5 11v5.5 M13.5 11v5.5",
  surprise: "M12 3l1.8 5.200L19 10l-5.2 1.800L12 17l-1.8-5.200L5 10l5.2-1.800z M18.5 15.500l.8 2.2 2.2.8-2.2.8-.8 2.2-.8-2.2-2.2-.8 2.2-.8z",
  download: "M12 4v11 M7.5 11L12 15.5 16.5 11 M5 20h14",
  share: "M12 15V4 M8 7.500L12 3.500l4 4 M7 11H5v9.500h14V11h-2",
  photo: "M3.5 8h4l1.5-2.500h6L16.5 8h4v11h-17z M12 9.800a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z",
  keep: "M7 4h10v16l-5-4-5 4z",
  film: "M4 5h16v14H4z M8 5v14 M16 5v14 M4 9.700h4 M4 14.300h4 M16 9.700h4 M16 14.300h4",
  more: "M5 5h6v6H5z M13 5h6v6h-6z M5 13h6v6H5z M16 13.500v5 M13.500 16h5",
  open: "M4.5 5h15v14h-15z M4.5 16l4.5-4.5 3.5 3 2.5-2 4.5 4 M14.5 9h.5",
};

/** An icon as text for innerHTML; `thick` is a line's width in the icon's 24 units. */
export const icon = (name, thick = 1.7) =>
  `<svg viewBox="0 0 24 24" aria-hidden="true" stroke-width="${thick}"><path d="${ICONS[name]}"/></svg>`;

/** A dot as large as the pen is thick. */
export const dot = (thickness) =>
  `<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="${[1.8, 3.8, 6.5][thickness]}" class="dot"/></svg>`;

/** A stamp as it looks on a sheet, or near enough. */
export function stampIcon(name) {
  const { parts, button } = STAMPS[name];
  const paths = (button ? [{ path: button, of: [] }] : parts).map(
    ({ path, of }) => `<path d="${path}"${of ? "" : ' fill="none"'}/>`,
  );
  return `<svg viewBox="-4 -4 108 108" aria-hidden="true" class="stamp">${paths.join("")}</svg>`;
}

/**
 * A button.
 *
 * @param {string} told what it does: its name and its tooltip.
 * @param {string} inner HTML of what is seen.
 * @param {{shown?: string, pressed?: boolean, kind?: string}} more words beside the icon, whether it is one that stays
 *   pressed, and its class.
 */
export function button(told, inner, act, { shown = "", pressed, kind = "" } = {}) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `${kind}${shown ? " worded" : ""}`.trim();
  made.title = told;
  made.setAttribute("aria-label", told);
  made.innerHTML = inner;
  if (shown) made.append(Object.assign(document.createElement("span"), { textContent: shown }));
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", act);
  return made;
}
