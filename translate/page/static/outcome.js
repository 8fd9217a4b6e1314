/** The picture that the server made last, in its place on a page, and the words below it. */

export class Outcome {
  #changes = 0;
  #seen = 0;

  /** @param {ShadowRoot} root has `#result` around `#picture` and `#hint`, and `#status`. */
  constructor(root) {
    const [place, picture, hint, status] = ["result", "picture", "hint", "status"].map((id) => root.getElementById(id));
    Object.assign(this, { place, picture, hint, status, blob: null });
  }

  /** Something changed; the number of the change. */
  changed() {
    return ++this.#changes;
  }

  /** Another picture is awaited. */
  wait() {
    this.place.classList.add("waiting");
  }

  /**
   * Show what became of a change, unless what became of a later one was shown before.
   *
   * @param {{blob: Blob, milliseconds: number, trip: number, change: number}} answer as `Newest` gives it.
   * @returns {Promise<boolean>} whether it can be seen now.
   */
  async show({ blob, milliseconds, trip, change }) {
    const next = new Image();
    next.src = URL.createObjectURL(blob);
    const good = await next.decode().then(() => true, () => false);
    if (!good || change <= this.#seen) {
      URL.revokeObjectURL(next.src);
      if (!good && change === this.#changes) this.tell("What the server gave is not a picture: reload the page.", true);
      return false;
    }
    this.#seen = change;
    this.#put(next.src);
    this.blob = blob;
    this.place.classList.toggle("waiting", change < this.#changes);
    this.tell(milliseconds ? `Made in ${Math.max(1, Math.round(milliseconds))} ms, ${Math.round(trip)} ms in all` : "");
    return true;
  }

  /** There is no picture, and nothing that is still on its way will be one. */
  hide() {
    this.#put("");
    this.blob = null;
    this.#seen = this.#changes;
    this.place.classList.remove("waiting");
    this.tell("");
  }

  tell(told, wrong = false) {
    this.status.textContent = told;
    this.status.classList.toggle("wrong", wrong);
    if (wrong) this.place.classList.remove("waiting");
  }

  #put(address) {
    const { picture } = this;
    const before = picture.src;
    if (address) picture.src = address;
    else picture.removeAttribute("src");
    picture.hidden = !address;
    this.hint.hidden = Boolean(address);
    if (before) URL.revokeObjectURL(before);
  }
}
