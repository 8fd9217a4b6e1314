/** Averages of pictures, added and taken away; see `panels.js` for what a panel is. */

import { button, icon } from "./buttons.js";
import { part, slider, tile } from "./fields.js";
import { signed } from "./panels.js";
import { cuts } from "./thumbnails.js";

/** Seeds of a group. */
const MOST = 12;
const TERMS = [
  ["start", "Start with", "=", "for example men with glasses"],
  ["minus", "take away", "−", "for example men without"],
  ["plus", "and add", "+", "for example women without"],
];

/** Averages of pictures, added and taken away: start − minus + plus. */
export class Sum {
  #asked = 0;

  constructor(space) {
    this.space = space;
  }

  start() {
    return { groups: [[], [], []], active: 0, strength: 1, restore: true };
  }

  get state() {
    return this.space.state.sum;
  }

  get hint() {
    const told = TERMS[this.state.active][1].toLowerCase();
    return `Press pictures that have what you want to ${told === "start with" ? "start with" : told.replace("and ", "")}.`;
  }

  recipe() {
    const { groups, strength, restore } = this.state;
    if (!groups[0].length) return null;
    return { sum: { start: groups[0], minus: groups[1], plus: groups[2], strength, restore } };
  }

  name() {
    return ["", "minus", "plus"].map((sign, at) => [sign, ...this.state.groups[at]].filter((part) => part !== "").join("-"))
      .filter((told) => /\d/.test(told)).join("-");
  }

  picked(seed) {
    const { state, space } = this;
    const group = state.groups[state.active];
    if (group.includes(seed)) group.splice(group.indexOf(seed), 1);
    else if (group.length < MOST) group.push(seed);
    else return space.tell(`A group has ${MOST} pictures at most: take one out first.`, true);
    space.changed(true);
  }

  fill() {
    const { space, state } = this;
    const asked = ++this.#asked;
    const terms = TERMS.map(([, name, sign, told], at) => {
      const choose = () => {
        if (state.active === at) return;
        state.active = at;
        space.changed(true);
      };
      const mean = part("div", "mean", sign);
      const picks = part("div", "picks", state.groups[at].length ? "" : part("span", "quiet", told));
      const chosen = button(`${name}: press, then press pictures below`, "", choose, {
        shown: `${sign === "=" ? "" : `${sign} `}${name}`,
        pressed: state.active === at,
        kind: "outlined",
      });
      const term = part("div", state.active === at ? "term chosen" : "term", mean, part("div", "names", chosen), picks);
      term.addEventListener("click", choose);
      this.#pictures(asked, at, mean, picks);
      return term;
    });
    const strength = slider("How much of it", {
      least: -1, most: 2, step: 0.05, value: state.strength, low: "the opposite", high: "twice", said: signed,
      act: (value) => {
        state.strength = value;
        space.changed();
      },
    });
    const restore = Object.assign(part("input"), { type: "checkbox", checked: state.restore });
    restore.addEventListener("change", () => {
      state.restore = restore.checked;
      space.changed();
    });
    const length = part("label", "", restore, "Bring the sum to the length that noise has");
    length.title = "Averages are shorter than noise, sums longer: without this the picture is paler or harsher";
    const clear = button("Take all pictures out", icon("clear"), () => {
      Object.assign(state, { groups: [[], [], []], active: 0 });
      space.changed(true);
    }, { shown: "Start again", kind: "outlined" });
    clear.disabled = !state.groups.some((group) => group.length);
    return [part("div", "terms", ...terms), part("div", "sliders wide", strength), part("div", "row", length, clear)];
  }

  /** Show a group: its pictures, and what their average looks like. */
  async #pictures(asked, at, mean, picks) {
    const { space, state } = this;
    const group = state.groups[at];
    if (!group.length) return;
    const name = TERMS[at][1];
    const found = await space.thumbnails(group);
    const blob = await space.once({ sum: { start: group } });
    if (asked !== this.#asked || !blob) return;
    const [average] = await cuts(blob, 1, 1);
    average.setAttribute("role", "img");
    average.setAttribute("aria-label", `The average of ${group.length}`);
    mean.replaceChildren(average);
    picks.replaceChildren(
      ...group.map((seed, place) =>
        tile(`Take seed ${seed} out of “${name}”`, found[place], (event) => {
          event.stopPropagation();
          state.groups[at] = group.filter((other) => other !== seed);
          space.changed(true);
        }),
      ),
    );
  }
}
