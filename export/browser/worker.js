/** In the worker: brings ONNX Runtime and one model, and runs it. uint8 [1, H, W, C] in, uint8 out. */

const THREADS = 8;
let session, tensor, card;

const tasks = {
  async load({ model, runtime, base }) {
    const at = (file) => new URL(file, base).href;
    const ort = await import(at(runtime.script));
    let come = 0;
    const total = runtime.bytes + model.bytes;
    const progress = (bytes) => postMessage({ progress: (come += bytes) / total });

    // Memory is shared by threads only where the server isolates the page: see README.md.
    const threads = self.crossOriginIsolated ? Math.min(THREADS, navigator.hardwareConcurrency) : 1;
    ort.env.logLevel = "fatal";
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = { mjs: at(runtime.loader), wasm: at(runtime.wasm) };
    ort.env.wasm.wasmBinary = await fetched(at(runtime.wasm), runtime.bytes, progress);
    const path = model.file.split("/").map(encodeURIComponent).join("/");
    const bytes = await fetched(at(`${path}?${model.digest}`), model.bytes, progress);

    session = await ort.InferenceSession.create(bytes, {
      executionProviders: runtime.providers,
      logSeverityLevel: 4,
    });
    card = model.card;
    tensor = ort.Tensor;
    check("input", "image", card.source_channels, session.inputMetadata);
    check("output", "translated", card.target_channels, session.outputMetadata);
    return { done: { engine: runtime.providers[0], threads } };
  },

  async run({ bytes, width, height }) {
    const start = performance.now();
    const image = new tensor("uint8", bytes, [1, height, width, card.source_channels]);
    const { translated } = await session.run({ image });
    const made = (await translated.getData()).slice();
    const seconds = (performance.now() - start) / 1000;
    const dims = translated.dims.join(" × ");
    translated.dispose();
    if (dims !== [1, height, width, card.target_channels].join(" × ")) throw new Error(`it gave ${dims} values`);
    return { done: { bytes: made, channels: card.target_channels, seconds }, transfer: [made.buffer] };
  },
};

/** Refuse a graph that does not keep the contract, before the first picture does. */
function check(what, name, channels, found) {
  const names = found.map((value) => value.name).join(", ");
  const [{ type, shape }] = found;
  if (names !== name) throw new Error(`its ${what} is ${names} instead of ${name}: export it with translate`);
  if (type !== "uint8" || shape.length !== 4 || (typeof shape[3] === "number" && shape[3] !== channels)) {
    throw new Error(`its ${what} is ${type} [${shape.join(", ")}] instead of uint8 [N, H, W, ${channels}]`);
  }
}

/** A file of known length, in parts, so that its progress can be told. */
async function fetched(address, bytes, progress) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > bytes) throw new Error(`it is longer than the ${bytes} bytes that models.json says`);
    whole.set(value, at);
    at += value.length;
    progress(value.length);
  }
  if (at < bytes) throw new Error(`it ends after ${at} of ${bytes} bytes`);
  return whole;
}

self.onmessage = async ({ data }) => {
  try {
    const { done, transfer = [] } = await tasks[data.kind](data);
    postMessage({ done }, transfer);
  } catch (error) {
    postMessage({ failed: String(error?.message ?? error) });
  }
};
