/** The page's hand on one model: a worker that loads it and runs it, so that the page stays awake. */

import { Told, whyNotLoaded, whyNotTranslated } from "./words.js";

/** Whether a GPU answers that is one: drawing by software would be slower than the CPU's own way. */
export async function hasGPU() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter) && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
}

/**
 * One worker a model: ending it is the only way to get WebAssembly's memory back, when another model is chosen or when
 * this one has run out of it.
 */
export class Engine {
  #worker;
  #waiting;

  /**
   * @param {object} model an entry of `models.json`.
   * @param {object} runtime the files of one build of ONNX Runtime, of `models.json`.
   * @param {(share: number) => void} progress is told the share of bytes that have come, 0 to 1.
   */
  constructor(model, runtime, progress) {
    this.model = model;
    // From a blob, because such a worker is under the page's Content-Security-Policy; one from an address is not.
    const source = `import ${JSON.stringify(new URL("worker.js", document.baseURI).href)};`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      if ("progress" in data) return progress(data.progress);
      URL.revokeObjectURL(address);
      if ("failed" in data) this.#waiting?.reject(new Error(data.failed));
      else this.#waiting?.resolve(data.done);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#waiting?.reject(new Error(event.message || "the worker did not start"));
    };
    this.ready = this.#ask({ kind: "load", model, runtime, base: document.baseURI }).catch((error) => {
      throw new Told(whyNotLoaded(error.message, model.file));
    });
  }

  /**
   * Translate one picture; one at a time.
   *
   * @param {Uint8Array} bytes [H, W, source_channels].
   * @returns {Promise<{bytes: Uint8Array, width: number, height: number, channels: number, seconds: number}>}
   */
  async run(bytes, width, height) {
    const started = await this.ready;
    try {
      const made = await this.#ask({ kind: "run", bytes, width, height }, [bytes.buffer]);
      return { ...started, ...made, width, height };
    } catch (error) {
      throw new Told(whyNotTranslated(error.message, width, height));
    }
  }

  close() {
    this.#worker.terminate();
    this.#waiting?.reject(new Error("closed"));
  }

  #ask(message, transfer = []) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(message, transfer);
    });
  }
}
