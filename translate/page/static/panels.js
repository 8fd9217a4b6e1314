/**
 * What can be done with a model that draws from noise: a panel each.
 *
 * A panel has `fill()`, which gives its controls for the space's state as it is; `recipe()`, what to draw now, or null;
 * `picked(seed)`, what becomes of a picture of the sheet that is pressed; and `hint`, which says so in words.
 */

import { button, icon } from "./buttons.js";
import { choices, part, slider, tile } from "./fields.js";
import { cuts } from "./thumbnails.js";

/** Steps of the strip between two pictures, and of a side of the square amid four. */
const STEPS = 9;
const SIDE = 5;
/** Frames from one corner of a film to the next. */
const FRAMES = { two: 30, four: 15 };
const NEW = 1_000_000;

const share = (value) => `${Math.round(100 * value)} %`;
/** How far a slider is from its middle, in words. */
export const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;

/** One picture: its seed, and sliders that change it. */
export class One {
  hint = "Press a picture to see it large.";

  constructor(space) {
    this.space = space;
  }

  start() {
    return { seed: 0, sliders: {}, before: [] };
  }

  get state() {
    return this.space.state.one;
  }

  recipe() {
    return { seeds: [this.state.seed], sliders: this.state.sliders };
  }

  name() {
    const { seed, sliders } = this.state;
    return `seed-${seed}${Object.values(sliders).some(Boolean) ? "-changed" : ""}`;
  }

  picked(seed) {
    const { state } = this;
    if (seed !== state.seed) state.before = [...state.before, state.seed].slice(-100);
    state.seed = seed;
    this.space.changed(true);
  }

  fill() {
    const { space, state } = this;
    const seed = Object.assign(part("input"), { type: "number", id: "seed", min: 0, step: 1, value: state.seed });
    seed.addEventListener("change", () => {
      const value = Number(seed.value);
      if (seed.value !== "" && Number.isSafeInteger(value) && value >= 0) this.picked(value);
      else space.tell("A seed here is a whole number from 0 to 9007199254740991: type another.", true);
    });
    const back = button("The picture before this one", icon("undo"), () => {
      state.seed = state.before.pop();
      space.changed(true);
    }, { kind: "outlined" });
    back.disabled = !state.before.length;
    const row = part(
      "div",
      "row",
      button("Draw another picture", icon("surprise"), () => this.picked(Math.floor(NEW * Math.random())), {
        shown: "Draw another",
        kind: "primary",
      }),
      back,
      part("label", "", "Seed", seed),
    );
    const sliders = space.entry.sliders.map(({ name, low, high, far, note }) =>
      slider(name, {
        least: -far, most: far, step: 0.05, value: state.sliders[name] ?? 0, low, high, note, said: signed,
        act: (value) => {
          state.sliders[name] = value;
          middle.disabled = false;
          space.changed();
        },
      }),
    );
    const middle = button("Put all sliders back to the middle", icon("undo"), () => {
      state.sliders = {};
      space.changed(true);
    }, { shown: "To the middle", kind: "outlined" });
    middle.disabled = !Object.values(state.sliders).some(Boolean);
    const named = space.entry.sliders.some(({ name }) => !name.startsWith("direction "));
    const told = named ? "Change it" : "Ways in which its pictures change most";
    return [
      row,
      part("div", "head", part("h3", "", told), middle),
      part("div", "sliders", ...sliders),
    ];
  }
}

/** The way between two pictures, or the square amid four. */
export class Between {
  #asked = 0;

  constructor(space) {
    this.space = space;
  }

  start() {
    return { seeds: [0, 1, 2, 3], four: false, at: [0.5, 0.5], how: "spherical", active: 0 };
  }

  get state() {
    return this.space.state.between;
  }

  get hint() {
    return `Press a picture to make it corner ${"ABCD"[this.state.active]}.`;
  }

  get seeds() {
    return this.state.seeds.slice(0, this.state.four ? 4 : 2);
  }

  recipe() {
    const { at, four, how } = this.state;
    return { between: { seeds: this.seeds, at: four ? at : at[0], how } };
  }

  name() {
    return `between-${this.seeds.join("-")}`;
  }

  picked(seed) {
    const { state } = this;
    state.seeds[state.active] = seed;
    state.active = (state.active + 1) % this.seeds.length;
    this.space.changed(true);
  }

  fill() {
    const { space, state } = this;
    const set = (patch) => () => {
      Object.assign(state, patch);
      if (!state.four) state.active %= 2;
      space.changed(true);
    };
    const kinds = part(
      "div",
      "row",
      choices("How many pictures", state.four, [[false, "Two pictures"], [true, "Four pictures"]], (four) => set({ four })()),
      choices(
        "Which way",
        state.how,
        [
          ["spherical", "Round", "Spherical: along the arc, where all noise lies"],
          ["linear", "Straight", "Linear: along the chord, through noise that is shorter than any seed’s"],
        ],
        (how) => set({ how })(),
      ),
    );
    const corners = part("div", "corners");
    corners.setAttribute("role", "group");
    corners.setAttribute("aria-label", "Corners");
    space.thumbnails(this.seeds).then((found) =>
      corners.append(
        ...this.seeds.map((seed, at) => {
          const name = "ABCD"[at];
          return tile(`Corner ${name}: seed ${seed}. Press to exchange it`, found[at], set({ active: at }), {
            shown: `${name} · ${seed}`,
            pressed: at === state.active,
          });
        }),
      ),
    );
    const [a, b] = state.four ? ["left (A, C)", "right (B, D)"] : ["A", "B"];
    this.sliders = [this.#slider("From A to B", a, b, 0)];
    if (state.four) this.sliders.push(this.#slider("From above to below", "above (A, B)", "below (C, D)", 1));
    const strip = part("div", state.four ? "strip four" : "strip");
    strip.style.gridTemplateColumns = `repeat(${state.four ? SIDE : STEPS}, minmax(0, 1fr))`;
    this.#strip(strip);
    const file = (told, shown, of, kind) =>
      button(told, icon(kind), () => space.download(of, this.name()), { shown, kind: "outlined" });
    const way = { seeds: this.seeds, how: state.how };
    const round = { between: { ...way, round: state.four ? FRAMES.four : FRAMES.two } };
    return [
      kinds,
      corners,
      part("div", state.four ? "sliders" : "sliders wide", ...this.sliders),
      strip,
      part(
        "div",
        "row",
        file("Download a film of the way and back, as WebP", "Film (WebP)", { ...round, format: "webp" }, "film"),
        file("Download a film of the way and back, as GIF", "Film (GIF)", { ...round, format: "gif" }, "film"),
        file("Download the steps in one picture", "Steps", this.#steps(), "download"),
      ),
    ];
  }

  #slider(name, low, high, axis) {
    const { space, state } = this;
    return slider(name, {
      least: 0, most: 1, step: 0.005, value: state.at[axis], low, high, said: share,
      act: (value) => {
        state.at[axis] = value;
        space.changed();
      },
    });
  }

  #steps() {
    const { four, how } = this.state;
    const count = four ? SIDE : STEPS;
    return { between: { seeds: this.seeds, how, steps: count }, columns: count };
  }

  /** Fill the strip with steps that can be pressed. */
  async #strip(strip) {
    const { space, state } = this;
    const asked = ++this.#asked;
    const side = state.four ? SIDE : STEPS;
    const count = state.four ? side * side : side;
    const blob = await space.once(this.#steps());
    if (!blob || asked !== this.#asked) return;
    const found = await cuts(blob, count, side);
    strip.append(
      ...found.map((canvas, place) => {
        const at = [place % side, Math.floor(place / side)].map((step) => step / (side - 1));
        const where = state.four ? `${share(at[0])} across, ${share(at[1])} down` : `${share(at[0])} of the way`;
        return tile(`Go to ${where}`, canvas, () => {
          state.at = state.four ? at : [at[0], state.at[1]];
          this.sliders.forEach((made, axis) => made.set(state.at[axis]));
          space.changed();
        });
      }),
    );
  }
}
