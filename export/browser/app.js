/** The page: what the visitor does, and what is shown for it. */

import { Engine, hasGPU } from "./engine.js";
import { surface } from "./marks.js";
import { bytesOf, decode, honest, MOST, QUICK, show } from "./picture.js";
import { Sheet } from "./sheet.js";
import { capital, facts, megabytes, Told, trip } from "./words.js";

const $ = (id) => document.getElementById(id);
const sheet = new Sheet($("sheet"), $("cursor"));

let site, model, engine;
/** Build of ONNX Runtime in use: `webgpu` or `wasm`. */
let build = "wasm";
/** The visitor's picture, or null while there is none or the sheet is drawn on. */
let file = null;
/** What is to be translated next; only the newest counts. */
let wanted = null;
let busy = false;
/** Counts what makes a result that is under way unwanted: another model, a cleared sheet, Stop. */
let turn = 0;

// --- What becomes of a picture ---------------------------------------------------------------------------------------

/** Translate `job`, a function that gives an opaque canvas, as soon as what is under way is done. */
async function translate(job) {
  wanted = job;
  if (busy) return;
  busy = true;
  $("result").setAttribute("aria-busy", "true");
  while (wanted) {
    const [taken, of] = [wanted, turn];
    wanted = null;
    const waiting = setTimeout(() => ($("progress").hidden = turn !== of), 400);
    try {
      await oneTrip(taken, () => turn === of);
    } catch (error) {
      // What went wrong with something that is no longer wanted is of no interest.
      if (turn === of && !wanted) tell(error);
    }
    clearTimeout(waiting);
    $("progress").hidden = true;
  }
  busy = false;
  $("result").removeAttribute("aria-busy");
}

async function oneTrip(job, still) {
  const source = await job();
  if (!still()) return;
  tell(null);
  const made = await result(bytesOf(source, model.card.source_channels), source, still);
  if (!still()) return;
  present(source, made);
  $("status").textContent = trip(made);
}

/** The model's answer; loads it first, on the CPU where the GPU fails. */
async function result(bytes, { width, height }, still) {
  engine ??= new Engine(model, site.runtimes[build], loading);
  const using = engine;
  try {
    await using.ready;
    working(`Translating ${width} × ${height} …`);
    return await using.run(bytes.slice(), width, height);
  } catch (error) {
    // After a failure the memory may be full or in disorder: the next picture gets a fresh worker.
    if (engine === using) drop();
    if (build !== "webgpu" || !still()) throw error;
    build = $("engine").value = "wasm";
    note("The GPU did not take this model, so that it runs on the CPU.");
    return result(bytes, { width, height }, still);
  }
}

function drop() {
  engine?.close();
  engine = undefined;
}

function loading(share) {
  const total = model.bytes + site.runtimes[build].bytes;
  const come = `Loading the model: ${megabytes(share * total)} of ${megabytes(total)}`;
  if (share < 1) working(come, share);
  else working("Preparing the model …");
}

/** What is shown while something takes its time, with how far it is where that is known. */
function working(text, share) {
  $("bar-text").textContent = text;
  if (share === undefined) $("bar").removeAttribute("value");
  else $("bar").value = share;
}

// --- What is shown ---------------------------------------------------------------------------------------------------

/** The result, over what it was made of where that is not beside it on a sheet. */
function present(source, made) {
  surface(source.width, source.height, $("under")).drawImage(source, 0, 0);
  show($("after"), made);
  $("after").setAttribute("aria-label", `${capital(model.card.target)}, ${made.width} × ${made.height} pixels`);
  $("compare").style.setProperty("--ratio", made.width / made.height);
  $("compare").hidden = false;
  $("slider").hidden = drawing();
  slide(drawing() ? 0 : $("slider").value);
  $("result-hint").hidden = true;
  $("download").disabled = false;
}

function slide(percent) {
  $("compare").style.setProperty("--shown", `${percent}%`);
  $("compare").classList.toggle("comparing", !$("slider").hidden);
  $("slider").setAttribute("aria-valuetext", `${Math.round(percent)} % before, the rest after`);
}

function clearResult() {
  turn += 1;
  wanted = null;
  $("compare").hidden = true;
  $("result-hint").hidden = false;
  $("download").disabled = true;
  $("status").textContent = "";
  $("progress").hidden = true;
  note("");
  tell(null);
}

function tell(error) {
  $("error").hidden = !error;
  $("error").textContent = error ? (error instanceof Told ? error.message : `This page has a defect: ${error}`) : "";
  if (error) $("status").textContent = "";
}

function note(text) {
  $("note").textContent = text;
}

const drawing = () => model.card.source === "edges" && !file;

/** What to draw on, or where to drop a picture, whichever it is now. */
function layOut() {
  const edges = model.card.source === "edges";
  $("paper").hidden = $("drawing-tools").hidden = !drawing();
  $("drop").hidden = drawing();
  $("before").hidden = !file;
  $("drop-hint").hidden = Boolean(file);
  $("draw").hidden = !(edges && file);
  $("size-label").hidden = drawing();
  $("choose-text").textContent = edges && !file ? "Open a picture" : file ? "Another picture" : "Choose a picture";
  sheetTools();
}

function sheetTools() {
  $("undo").disabled = !sheet.canUndo;
  $("redo").disabled = !sheet.canRedo;
  $("clear").disabled = sheet.empty;
  $("paper-hint").hidden = !sheet.empty;
  for (const tool of ["pen", "eraser"]) $(tool).setAttribute("aria-pressed", String(sheet.tool === tool));
}

// --- What the visitor does -------------------------------------------------------------------------------------------

function chooseModel(number) {
  model = site.models[number];
  drop();
  clearResult();
  const { card } = model;
  document.title = `${card.task} · Translate pictures`;
  $("before-title").textContent = capital(card.source);
  $("after-title").textContent = capital(card.target);
  $("size").replaceChildren(
    new Option(`As it is, up to ${MOST / 1e6} megapixels`, JSON.stringify({ pixels: MOST })),
    new Option(`Up to ${QUICK / 1e6} megapixels`, JSON.stringify({ pixels: QUICK })),
    new Option(`Shorter side ${card.size}, as in training`, JSON.stringify({ short: card.size })),
  );
  $("size").selectedIndex = 1;
  const rows = facts(model).map(([term, told]) => {
    const row = document.createElement("div");
    row.append(document.createElement("dt"), document.createElement("dd"));
    [row.firstChild.textContent, row.lastChild.textContent] = [term, told];
    return row;
  });
  $("facts").replaceChildren(...rows);
  // A drawing is of the model's size; a picture that is there is good for another model too.
  sheet.start(card.size);
  layOut();
  if (file) take(file);
}

function take(picture) {
  if (!picture) return;
  const given = turn;
  translate(async () => {
    const { canvas, width, height, from } = await decode(picture, JSON.parse($("size").value));
    if (turn !== given) return canvas;
    file = picture;
    $("status").textContent = "";
    layOut();
    surface(width, height, $("before")).drawImage(canvas, 0, 0);
    $("before").setAttribute("aria-label", `${capital(model.card.source)}, ${width} × ${height} pixels`);
    const scaled = width * height < from[0] * from[1];
    note(scaled ? `Scaled down from ${from.join(" × ")} to ${width} × ${height} pixels, as chosen under Size.` : "");
    return canvas;
  });
}

function drawn() {
  sheetTools();
  if (!drawing()) return;
  if (sheet.empty) clearResult();
  else translate(() => sheet.picture());
}

function listen() {
  $("model").onchange = (event) => chooseModel(event.target.value);
  $("engine").onchange = (event) => {
    build = event.target.value;
    chooseModel($("model").value);
  };
  $("size").onchange = () => take(file);
  $("slider").oninput = (event) => slide(event.target.value);
  $("file").onchange = (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // so that the same file can be chosen again
  };
  document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", name === "dragover");
      if (name === "drop") take(event.dataTransfer.files[0]);
    });
  }
  sheet.addEventListener("change", drawn);
  $("pen").onclick = $("eraser").onclick = (event) => {
    sheet.tool = event.target.id;
    sheetTools();
  };
  $("undo").onclick = () => sheet.undo();
  $("redo").onclick = () => sheet.redo();
  $("clear").onclick = () => sheet.clear();
  $("draw").onclick = () => {
    file = null;
    clearResult();
    layOut();
    drawn();
  };
  $("download").onclick = save;
  $("stop").onclick = () => {
    drop();
    clearResult();
    $("status").textContent = "Stopped.";
  };
}

function save() {
  $("after").toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${file ? `${file.name.replace(/\.[^.]*$/, "")}-` : ""}${model.card.target}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}

async function start() {
  $("waiting").remove();
  if (typeof WebAssembly !== "object") {
    throw new Told("This browser has no WebAssembly, which the model runs in: use a newer one, or allow it here.");
  }
  const answer = await fetch("models.json", { cache: "no-cache" }).catch(() => ({ ok: false }));
  if (!answer.ok) throw new Told("There is no models.json beside this page: put it together with make_site.py.");
  site = await answer.json();
  // The GPU's arithmetic strayed by up to nine levels where the processor's stays within one: it has to be asked for.
  $("engine").append(new Option("Processor", "wasm"), new Option("GPU: quicker, some levels off", "webgpu"));
  $("engine-label").hidden = !(await hasGPU());
  $("model").append(...site.models.map(({ card, title }, number) => new Option(title ?? card.task, number)));
  listen();
  for (const id of ["controls", "pair", "about"]) $(id).hidden = false;
  chooseModel(0);
  if (!honest()) {
    note("This browser adds noise to the pixels that a page reads: allow it to read canvases here for exact results.");
  }
}

start().catch(tell);
