/**
 * What the page shows, from what is known: states, shares and words. Pure; app.js puts it on the screen.
 *
 * @typedef {object} View
 * @property {"idle" | "asking" | "answered" | "unsure" | "error"} state
 * @property {import("./api.js").Result} [result] what to show as the answer; while asking, the one before
 * @property {string} words what is wrong, empty where nothing is; `make serve` in backticks is code
 * @property {boolean} canRetry
 */

/** An answer with a smaller share is a toss-up, and said to be one. */
const SURE = 0.5;

/**
 * @param {object} known
 * @param {import("./drawing.js").Drawing} known.drawing
 * @param {boolean} known.penIsDown doubts about an unfinished stroke are not worth a word yet
 * @param {import("./asker.js").Outcome | null} known.outcome the newest one since the pad was empty
 * @param {boolean} known.triesAgain at the person's wish, after an error
 * @param {Error | null} known.configError
 * @param {Error | null} known.notice of what the page itself could not do, until there is something new to say
 * @returns {View}
 */
export function viewOf({ drawing, penIsDown, outcome, triesAgain, configError, notice }) {
  if (triesAgain) {
    return { state: "asking", words: "Trying again…", canRetry: true };
  }
  if (configError) {
    return { state: "error", words: wordsFor(configError), canRetry: true };
  }
  if (notice) {
    return { state: "error", words: wordsFor(notice), canRetry: false };
  }
  if (drawing.isEmpty) {
    return { state: "idle", words: "", canRetry: false };
  }
  const { error, result, retrying } = outcome ?? {};
  const isAboutThisDrawing = error?.kind === "refused";
  if (error && !isAboutThisDrawing) {
    return { state: "error", words: wordsFor(error, retrying), canRetry: error.kind !== "busy" || !retrying };
  }
  const isOutdated = outcome?.revision !== drawing.revision;
  if (isOutdated || (error && penIsDown)) {
    return { state: "asking", result, words: "", canRetry: false };
  }
  if (error) {
    return { state: "error", words: wordsFor(error), canRetry: false };
  }
  const doubts = doubt(result);
  return { state: doubts ? "unsure" : "answered", result, words: penIsDown ? "" : doubts, canRetry: false };
}

/** @param {number} confidence in [0, 1] @returns {string} per cent, never more than is so: 0.9996 is "99.9%" */
export function percent(confidence) {
  return `${(floor(confidence * 1000) / 10).toFixed(1)}%`;
}

/** @param {number} probability in [0, 1] @returns {string} whole per cent, as percent() rounds */
export function wholePercent(probability) {
  return probability >= 0.001 && probability < 0.01 ? "<1%" : `${floor(probability * 100)}%`;
}

/** The whole number below, except that 0.57 * 100 = 56.99999999999999 is 57. */
function floor(value) {
  return Math.floor(value + 1e-9);
}

/** @param {import("./api.js").Result} result @returns {string} empty where there is no doubt */
function doubt({ recognised, label, confidence, probabilities }) {
  if (!recognised) {
    return `Probably not a digit. If it is one, ${article(label)}.`;
  }
  if (confidence >= SURE) {
    return "";
  }
  const [other] = Object.entries(probabilities)
    .filter(([name]) => name !== label)
    .sort((a, b) => b[1] - a[1])[0] ?? [label];
  return `Not sure: ${article(label)}, or ${article(other)}?`;
}

function article(label) {
  return `${label === "8" ? "an" : "a"} ${label}`;
}

function wordsFor(error, retrying) {
  if (error.kind === "busy") {
    return retrying ? "The server is busy; trying again." : "The server is busy. Try again in a moment.";
  }
  if (!error.kind) {
    return `The page has failed: ${error.message}`;
  }
  return retrying ? `${error.message} Trying again…` : error.message;
}
