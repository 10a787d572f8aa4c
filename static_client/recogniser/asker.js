/** Decides when to ask: as the pen moves, at most one question under way, and always about the newest drawing. */

const INTERVAL_MS = 130; // at least, from one question to the next while the pen moves

/** Waits after a busy server's refusals, and where none answers; after the last one only news or a wish ask again. */
const WAITS_MS = { busy: [400, 800, 1600, 3200], unreachable: [2000, 4000, 8000, 16000, 30000] };

const JITTER = 0.2; // share of a wait by which it varies: what failed together need not come back together

/** @param {import("../types.js").Questions} questions */
export function createAsker({ drawing, ask, onOutcome }) {
  let underWay = false;
  let askedRevision = 0;
  let clearedRevision = 0;
  let notBefore_ms = 0;
  let failures = 0; // one after the other, of a kind that is worth another attempt
  let resting = false; // no server, or one that fails or stays busy: ask once a stroke, not as the pen moves
  let retryWished = false; // while a question was under way
  let penIsDown = false;
  let timer;

  function pump() {
    clearTimeout(timer);
    const hasNews = !drawing.isEmpty && askedRevision !== drawing.revision;
    if (underWay || !hasNews || (penIsDown && resting)) {
      return;
    }
    const wait_ms = notBefore_ms - performance.now();
    if (wait_ms > 0 && (penIsDown || failures > 0)) {
      timer = setTimeout(pump, wait_ms);
    } else {
      send();
    }
  }

  async function send() {
    const { revision } = drawing;
    underWay = true;
    askedRevision = revision;
    notBefore_ms = performance.now() + INTERVAL_MS;
    const outcome = { revision, retrying: false };
    try {
      Object.assign(outcome, await ask(drawing));
    } catch (error) {
      outcome.error = error;
    }
    underWay = false;
    if (revision > clearedRevision) {
      learnFrom(outcome);
      onOutcome(outcome);
    }
    const triesAgain = retryWished && outcome.error;
    retryWished = false;
    if (triesAgain) {
      retry();
    } else {
      pump();
    }
  }

  function learnFrom(outcome) {
    const kind = outcome.error?.kind;
    const waits_ms = WAITS_MS[kind] ?? [];
    outcome.retrying = failures < waits_ms.length;
    const willPass = kind === "refused" || (kind === "busy" && outcome.retrying);
    resting = Boolean(outcome.error) && !willPass;
    if (outcome.retrying) {
      const jitter = 1 + JITTER * (2 * Math.random() - 1);
      notBefore_ms = performance.now() + jitter * waits_ms[failures];
      failures += 1;
      askedRevision = -1;
    } else if (waits_ms.length === 0) {
      failures = 0;
    }
  }

  function forgetFailures() {
    failures = 0;
    notBefore_ms = 0;
    resting = false;
  }

  /** Ask about the same drawing again, once what is under way has failed too. */
  function retry() {
    retryWished = underWay;
    if (!underWay) {
      askedRevision = -1;
      forgetFailures();
      pump();
    }
  }

  return {
    retry,
    penMoved() {
      penIsDown = true;
      pump();
    },
    /** The stroke is complete, or the drawing has changed otherwise: time to ask, even where there was no server. */
    penLifted() {
      penIsDown = false;
      if (resting) {
        forgetFailures();
      }
      pump();
    },
    cleared() {
      penIsDown = false;
      clearedRevision = askedRevision = drawing.revision;
      forgetFailures();
      clearTimeout(timer);
    },
  };
}
