/**
 * What the page shows, from what is known: states, shares and words. Pure; app.js puts it on the screen.
 *
 * @typedef {object} View
 * @property {"idle" | "asking" | "answered" | "unsure" | "error"} state
 * @property {import("./api.js").Result} [result] what to show as the answer; while asking, the one before
 * @property {string} words what is wrong, empty where nothing is; `make serve` in backticks is code
 * @property {boolean} canRetry
 */

/**
 * @param {object} known
 * @param {import("./strokes.js").Drawing} known.drawing
 * @param {boolean} known.penIsDown doubts about an unfinished stroke are not worth a word yet
 * @param {import("./asker.js").Outcome | null} known.outcome the newest one since the pad was empty
 * @param {boolean} known.triesAgain at the person's wish, after an error
 * @param {Error | null} known.configError
 * @returns {View}
 */
export function viewOf({ drawing, penIsDown, outcome, triesAgain, configError }) {
  if (triesAgain) {
    return { state: "asking", words: "Trying again…", canRetry: true };
  }
  if (configError) {
    return { state: "error", words: wordsFor(configError), canRetry: true };
  }
  if (drawing.isEmpty) {
    return { state: "idle", words: "", canRetry: false };
  }
  const { error, result, retrying } = outcome ?? {};
  const isAboutThisDrawing = error?.kind === "refused";
  if (error && !isAboutThisDrawing) {
    return { state: "error", words: wordsFor(error, retrying), canRetry: !retrying };
  }
  const isOutdated = outcome?.revision !== drawing.revision;
  if (isOutdated || (error && penIsDown)) {
    return { state: "asking", result, words: "", canRetry: false };
  }
  if (error) {
    return { state: "error", words: wordsFor(error), canRetry: false };
  }
  const state = result.recognised ? "answered" : "unsure";
  return { state, result, words: result.recognised || penIsDown ? "" : doubt(result.label), canRetry: false };
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

function doubt(label) {
  return `Not sure – perhaps ${label === "8" ? "an" : "a"} ${label}; it may not be a digit.`;
}

function wordsFor(error, retrying) {
  if (error.kind === "busy") {
    return retrying ? "The server is busy; trying again." : "The server is busy. Try again in a moment.";
  }
  return error.kind ? error.message : `The page has failed: ${error.message}`;
}
