/**
 * Decides when to ask: as the pen moves, at most one question under way, and always about the newest drawing. Knows
 * neither what a question is nor how its answer looks.
 *
 * @typedef {object} Outcome what came of asking about one revision of the drawing
 * @property {number} revision
 * @property {import("./api.js").Result} [result] where it was answered
 * @property {Uint8Array<ArrayBuffer>} [picture] the file that was answered
 * @property {number} [latency_ms] from question to answer
 * @property {Error & {kind?: string}} [error] where it was not
 * @property {boolean} retrying the same drawing will be asked about again without anybody's doing
 */

/** Least time from one question to the next while the pen moves. */
const INTERVAL_MS = 130;

/** Waits after a busy server's refusals, and where none answers; after the last one only news or a wish ask again. */
const WAITS_MS = { busy: [400, 800, 1600, 3200], unreachable: [2000, 4000, 8000, 16000, 30000] };

/** Share of a wait by which it varies, so that pages that failed together do not come back together. */
const JITTER = 0.2;

export class Asker {
  #underWay = false;
  #askedRevision = 0;
  #clearedRevision = 0;
  #notBefore_ms = 0;
  #failures = 0; // one after the other, of a kind that is worth another attempt
  #resting = false; // no server, or one that fails or stays busy: ask once a stroke, not as the pen moves
  #retryWished = false; // while a question was under way
  #penIsDown = false;
  #timer;

  /**
   * @param {object} options
   * @param {import("./drawing.js").Drawing} options.drawing
   * @param {(drawing: import("./drawing.js").Drawing) => Promise<Partial<Outcome>>} options.ask about what it shows now
   * @param {(outcome: Outcome) => void} options.onOutcome not called for a drawing that has been cleared since
   */
  constructor({ drawing, ask, onOutcome }) {
    this.drawing = drawing;
    this.ask = ask;
    this.onOutcome = onOutcome;
  }

  /** The pen has come down or moved. */
  penMoved() {
    this.#penIsDown = true;
    this.#pump();
  }

  /** The stroke is complete, or the drawing has changed otherwise: time to ask, even where there was no server. */
  penLifted() {
    this.#penIsDown = false;
    if (this.#resting) {
      this.#forgetFailures();
    }
    this.#pump();
  }

  cleared() {
    this.#penIsDown = false;
    this.#clearedRevision = this.drawing.revision;
    this.#askedRevision = this.drawing.revision;
    this.#forgetFailures();
    clearTimeout(this.#timer);
  }

  /** Ask about the same drawing again, once what is under way has failed too. */
  retry() {
    this.#retryWished = this.#underWay;
    if (!this.#underWay) {
      this.#askedRevision = -1;
      this.#forgetFailures();
      this.#pump();
    }
  }

  #pump() {
    clearTimeout(this.#timer);
    const hasNews = !this.drawing.isEmpty && this.#askedRevision !== this.drawing.revision;
    if (this.#underWay || !hasNews || (this.#penIsDown && this.#resting)) {
      return;
    }
    const wait_ms = this.#notBefore_ms - performance.now();
    const mustWait = wait_ms > 0 && (this.#penIsDown || this.#failures > 0);
    if (mustWait) {
      this.#timer = setTimeout(() => this.#pump(), wait_ms);
    } else {
      this.#send();
    }
  }

  async #send() {
    const revision = this.drawing.revision;
    this.#underWay = true;
    this.#askedRevision = revision;
    this.#notBefore_ms = performance.now() + INTERVAL_MS;
    const outcome = { revision, retrying: false };
    try {
      Object.assign(outcome, await this.ask(this.drawing));
    } catch (error) {
      outcome.error = error;
    }
    this.#underWay = false;
    if (revision > this.#clearedRevision) {
      this.#learnFrom(outcome);
      this.onOutcome(outcome);
    }
    const triesAgain = this.#retryWished && outcome.error;
    this.#retryWished = false;
    if (triesAgain) {
      this.retry();
    } else {
      this.#pump();
    }
  }

  #learnFrom(outcome) {
    const waits_ms = WAITS_MS[outcome.error?.kind] ?? [];
    outcome.retrying = this.#failures < waits_ms.length;
    const willPass = outcome.error?.kind === "refused" || (outcome.error?.kind === "busy" && outcome.retrying);
    this.#resting = Boolean(outcome.error) && !willPass;
    if (outcome.retrying) {
      const wait_ms = waits_ms[this.#failures] * (1 + JITTER * (2 * Math.random() - 1));
      this.#notBefore_ms = performance.now() + wait_ms;
      this.#failures += 1;
      this.#askedRevision = -1;
    } else if (waits_ms.length === 0) {
      this.#failures = 0;
    }
  }

  #forgetFailures() {
    this.#failures = 0;
    this.#notBefore_ms = 0;
    this.#resting = false;
  }
}
