/**
 * Decides when to ask: as the pen moves, at most one question under way, and always about the newest drawing. Knows
 * neither what a question is nor how its answer looks.
 *
 * @typedef {object} Outcome what came of asking about one revision of the drawing
 * @property {number} revision
 * @property {import("./api.js").Result} [result] where it was answered
 * @property {Error & {kind?: string}} [error] where it was not
 * @property {boolean} retrying the same drawing will be asked about again without anybody's doing
 */

/** Least time from one question to the next while the pen moves. */
const INTERVAL_MS = 130;

/** Waits after a busy server's refusals; after the last one the page gives up until there is news. */
const BUSY_WAITS_MS = [400, 800, 1600, 3200];

export class Asker {
  #underWay = false;
  #askedRevision = 0;
  #clearedRevision = 0;
  #notBefore_ms = 0;
  #busyCount = 0;
  #resting = false; // no server, or one that stays busy: ask once a stroke, not as the pen moves
  #penIsDown = false;
  #timer;

  /**
   * @param {object} options
   * @param {import("./strokes.js").Drawing} options.drawing
   * @param {(strokes: import("./strokes.js").Stroke[]) => Promise<import("./api.js").Result>} options.ask
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

  /** The stroke is complete: time to ask, even where the last attempt found no server. */
  penLifted() {
    this.#penIsDown = false;
    this.#resting = false;
    this.#pump();
  }

  cleared() {
    this.#penIsDown = false;
    this.#clearedRevision = this.drawing.revision;
    this.#askedRevision = this.drawing.revision;
    this.#busyCount = 0;
    this.#notBefore_ms = 0;
    this.#resting = false;
  }

  /** Ask about the same drawing again. */
  retry() {
    if (this.#underWay) {
      return;
    }
    this.#askedRevision = -1;
    this.#busyCount = 0;
    this.#notBefore_ms = 0;
    this.#resting = false;
    this.#pump();
  }

  #pump() {
    clearTimeout(this.#timer);
    const hasNews = !this.drawing.isEmpty && this.#askedRevision !== this.drawing.revision;
    if (this.#underWay || !hasNews || (this.#penIsDown && this.#resting)) {
      return;
    }
    const wait_ms = this.#notBefore_ms - performance.now();
    const mustWait = wait_ms > 0 && (this.#penIsDown || this.#busyCount > 0);
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
      outcome.result = await this.ask(this.drawing.strokes);
    } catch (error) {
      outcome.error = error;
    }
    this.#underWay = false;
    if (revision > this.#clearedRevision) {
      this.#learnFrom(outcome);
      this.onOutcome(outcome);
    }
    this.#pump();
  }

  #learnFrom(outcome) {
    const busy = outcome.error?.kind === "busy";
    outcome.retrying = busy && this.#busyCount < BUSY_WAITS_MS.length;
    this.#resting = outcome.error?.kind === "unreachable" || (busy && !outcome.retrying);
    if (outcome.retrying) {
      this.#notBefore_ms = performance.now() + BUSY_WAITS_MS[this.#busyCount];
      this.#busyCount += 1;
      this.#askedRevision = -1;
    } else if (!busy) {
      this.#busyCount = 0;
    }
  }
}
