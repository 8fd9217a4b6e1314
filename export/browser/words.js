/** What the page says: of a model, of a picture's trip, of what went wrong. */

/** An error whose message is a sentence for the visitor. Every other error is a defect and is told as one. */
export class Told extends Error {}

const STATISTICS = {
  image: "each picture by its own statistics",
  running: "by statistics gathered in training",
};

export const megabytes = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const channels = (count) => (count === 1 ? "grey" : "colour");

/** The card as pairs of a term and its description, what the model does not say left out. */
export function facts({ card, bytes, file }) {
  const { parity, training } = card;
  const rows = [
    ["Task", card.task],
    ["Takes", `${card.source} (${channels(card.source_channels)}), of any size`],
    ["Gives", `${card.target} (${channels(card.target_channels)}), of the same size`],
    ["At its best near", `${card.size} × ${card.size} pixels, the size it was trained on`],
    ["Name", card.name],
    ["Method", card.method],
    ["Normalises", STATISTICS[card.statistics]],
    ["Trained on", training.pictures && `${training.pictures} pictures, ${training.step ?? "?"} steps`],
    ["Parity", parity.max_levels !== undefined && `within ${parity.max_levels} of 255 levels of the trained network`],
    ["Licence of the weights", card.license],
    ["File", `${file.split("/").pop()}, ${megabytes(bytes)}`],
  ];
  return rows.filter(([, told]) => told);
}

/** How large the picture was, how long it took, and where. */
export function trip({ width, height, seconds, engine, threads }) {
  const time = seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : `${seconds.toFixed(1)} s`;
  const where = engine === "webgpu" ? "the GPU" : threads > 1 ? `the CPU (${threads} threads)` : "the CPU (1 thread)";
  return `${width} × ${height} pixels in ${time} on ${where}.`;
}

/** Why the model could not be loaded, from what ONNX Runtime or the network said. */
export function whyNotLoaded(text, file) {
  const name = file.split("/").pop();
  if (outOfMemory(text)) {
    return `${name} does not fit into the memory that this browser gives: close other tabs, or use a larger machine.`;
  }
  return `${name} cannot be loaded: ${clean(text)}. Reload the page, or put the model there again.`;
}

/** Why a picture could not be translated. */
export function whyNotTranslated(text, width, height) {
  if (outOfMemory(text)) {
    return `A picture of ${width} × ${height} needs more memory than this browser gives: choose a smaller size.`;
  }
  return `The model failed on a picture of ${width} × ${height}: ${clean(text)}.`;
}

// ONNX Runtime throws words, the runtime of C++ beneath it sometimes only the address of what it threw.
const outOfMemory = (text) => /alloc|memory|out of bounds|Aborted|^\d+$/i.test(text);

const clean = (text) =>
  text
    .split("\n")[0]
    .replace(/^Error: /, "")
    .replace(/^Can't create a session\. /, "")
    .replace(/ERROR_CODE: \d+, ERROR_MESSAGE: /, "")
    .replace(/[.\s]+$/, "")
    .slice(0, 300);
