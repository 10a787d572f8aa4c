/** Decides when to ask the recogniser: one request at a time, always for the newest drawing, and when to retry. */

const INTERVAL_MS = 130; // least time between requests while the pen moves

/** Waits before each retry; after the last one, only a new stroke or "Try again" asks. */
const WAITS_MS = { busy: [400, 800, 1600, 3200], unreachable: [2000, 4000, 8000, 16000, 30000] };

const JITTER = 0.2; // waits vary by this share, so that many pages do not retry at once

/** @param {import("../types.js").SchedulerOptions} options */
export function createRequestScheduler({ drawing, ask, onOutcome }) {
  let isPending = false;
  let askedRevision = 0;
  let clearedRevision = 0;
  let notBefore_ms = 0;
  let failures = 0; // in a row, of a kind that is retried
  let oncePerStroke = false; // the server is down, fails or stays busy: do not ask while the pen moves
  let retryWhenFailed = false; // asked for while a request was pending
  let penIsDown = false;
  let timer;

  function askIfDue() {
    clearTimeout(timer);
    const hasChanged = !drawing.isEmpty && askedRevision !== drawing.revision;
    if (isPending || !hasChanged || (penIsDown && oncePerStroke)) {
      return;
    }
    const wait_ms = notBefore_ms - performance.now();
    if (wait_ms > 0 && (penIsDown || failures > 0)) {
      timer = setTimeout(askIfDue, wait_ms);
    } else {
      send();
    }
  }

  async function send() {
    const { revision } = drawing;
    isPending = true;
    askedRevision = revision;
    notBefore_ms = performance.now() + INTERVAL_MS;
    const outcome = { revision, willRetry: false };
    try {
      Object.assign(outcome, await ask(drawing));
    } catch (error) {
      outcome.error = error;
    }
    isPending = false;
    if (revision > clearedRevision) {
      planRetry(outcome);
      onOutcome(outcome);
    }
    const retries = retryWhenFailed && outcome.error;
    retryWhenFailed = false;
    if (retries) {
      retry();
    } else {
      askIfDue();
    }
  }

  function planRetry(outcome) {
    const kind = outcome.error?.kind;
    const waits_ms = WAITS_MS[kind] ?? [];
    outcome.willRetry = failures < waits_ms.length;
    const willPass = kind === "refused" || (kind === "busy" && outcome.willRetry);
    oncePerStroke = Boolean(outcome.error) && !willPass;
    if (outcome.willRetry) {
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
    oncePerStroke = false;
  }

  /** Asks about the same drawing again; if a request is pending, only after it fails. */
  function retry() {
    retryWhenFailed = isPending;
    if (!isPending) {
      askedRevision = -1;
      forgetFailures();
      askIfDue();
    }
  }

  return {
    retry,
    penMoved() {
      penIsDown = true;
      askIfDue();
    },
    /** Asks even if the server was down. */
    penLifted() {
      penIsDown = false;
      if (oncePerStroke) {
        forgetFailures();
      }
      askIfDue();
    },
    cleared() {
      penIsDown = false;
      clearedRevision = askedRevision = drawing.revision;
      forgetFailures();
      clearTimeout(timer);
    },
  };
}
