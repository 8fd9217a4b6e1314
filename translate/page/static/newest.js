/** Asks the server for one picture at a time; of what is wanted meanwhile, the newest alone. */

/** Milliseconds from a change to the question, so that a question has more than the first point of a stroke. */
const GATHER = 20;
/** So often an answer is waited for that the server was too busy to give. */
const PATIENCE = 5;

/** An error whose message is a sentence for the visitor. */
class Told extends Error {}

export class Newest {
  /**
   * @param {function({blob: Blob, milliseconds: number, trip: number, change: number})} answered called with what the
   *   server made of a picture, how long its model and how long all of it took, and which change it is of, in order.
   * @param {function(string)} failed called with a sentence.
   */
  constructor(answered, failed) {
    Object.assign(this, { answered, failed, wanted: null, busy: null });
  }

  /** Ask for what becomes of a picture; `make` gives it as a Blob when its turn comes. */
  ask(address, make, change) {
    this.wanted = { address, make, change };
    if (!this.busy) this.#work();
  }

  /** Nothing is wanted any more, nor is what is under way. */
  stop() {
    this.wanted = null;
    this.busy?.abort();
    this.busy = null;
  }

  async #work() {
    const mine = (this.busy = new AbortController());
    let patience = PATIENCE;
    await pause(GATHER);
    while (this.wanted && this.busy === mine) {
      const taken = this.wanted;
      this.wanted = null;
      try {
        const answer = await asked(taken, mine.signal);
        if (this.busy !== mine) return;
        if (answer.later && patience-- > 0) {
          this.wanted ??= taken;
          await pause(answer.later);
        } else if (answer.later) {
          throw new Told(answer.told);
        } else {
          patience = PATIENCE;
          // Not waited for: while this one is being shown, the next is under way.
          this.answered(answer);
        }
      } catch (error) {
        // What went wrong with something that is no longer wanted is of no interest.
        if (this.busy === mine && !this.wanted) this.failed(sentence(error));
      }
    }
    if (this.busy === mine) this.busy = null;
  }
}

/**
 * What the server makes of one picture, for what is wanted once.
 *
 * @returns {Promise<Blob>} its answer; it is rejected with an error whose message is a sentence for the visitor.
 */
export async function made(address, body) {
  try {
    for (let patience = PATIENCE; ; patience--) {
      const { blob, later, told } = await asked({ address, make: () => body });
      if (blob) return blob;
      if (!patience) throw new Told(told);
      await pause(later);
    }
  } catch (error) {
    throw new Error(sentence(error));
  }
}

/** The server's answer; `later` are milliseconds after which to ask again. */
async function asked({ address, make, change }, signal) {
  const body = await make();
  const start = performance.now();
  const response = await fetch(address, { method: "POST", body, signal });
  if (!response.ok) {
    const { error } = await response.json().catch(() => ({}));
    const told = error ?? `The server answered ${response.status}: try again in a moment.`;
    const seconds = Number(response.headers.get("Retry-After"));
    if (response.status === 503) return { told, later: 1000 * Math.min(5, Math.max(0.2, seconds || 1)) };
    throw new Told(told);
  }
  const blob = await response.blob();
  const trip = performance.now() - start;
  const milliseconds = Number(response.headers.get("X-Translate-Milliseconds")) || null;
  return { blob, milliseconds, trip, change };
}

function sentence(error) {
  if (error instanceof Told) return capital(error.message);
  // What fetch throws where there is no answer.
  if (error instanceof TypeError) return "The server does not answer: look whether you are online, then draw on.";
  return `The picture could not be made: ${error.message ?? error}`;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
