/** Derives what the page shows from the drawing, the newest outcome and the errors. Pure; render.js shows it. */

const SURE = 0.5; // a less confident answer is shown as unsure

/** @param {import("../types.js").PageFacts} facts @returns {import("../types.js").PageState} */
export function derivePageState({ drawing, penIsDown, outcome, retryRequested, configError, pageError }) {
  if (retryRequested) {
    return { state: "asking", words: "Trying again…", canRetry: true };
  }
  if (configError) {
    return { state: "error", words: wordsFor(configError), canRetry: true };
  }
  if (pageError) {
    return { state: "error", words: wordsFor(pageError) };
  }
  if (drawing.isEmpty) {
    return { state: "idle", words: "" };
  }
  const { error, result, willRetry } = outcome ?? {};
  if (error && error.kind !== "refused") {
    return { state: "error", words: wordsFor(error, willRetry), canRetry: error.kind !== "busy" || !willRetry };
  }
  const isOutdated = outcome?.revision !== drawing.revision;
  if (isOutdated || (error && penIsDown)) {
    return { state: "asking", result, words: "" };
  }
  if (error) {
    return { state: "error", words: wordsFor(error) };
  }
  const doubts = doubt(result);
  return { state: doubts ? "unsure" : "answered", result, words: penIsDown ? "" : doubts };
}

/** @param {number} confidence in [0, 1] @returns {string} per cent, rounded down: 0.9996 is "99.9%" */
export function percent(confidence) {
  return `${(floor(confidence * 1000) / 10).toFixed(1)}%`;
}

/** @param {number} probability in [0, 1] @returns {string} whole per cent, as percent() rounds; 0.996 is ">99%" */
export function wholePercent(probability) {
  if (probability >= 0.001 && probability < 0.01) {
    return "<1%";
  }
  return probability > 0.99 && probability < 1 ? ">99%" : `${floor(probability * 100)}%`;
}

function floor(value) {
  return Math.floor(value + 1e-9); // 0.57 * 100 is 56.99999999999999
}

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

function wordsFor(error, willRetry) {
  if (error.kind === "busy") {
    return willRetry ? "The server is busy; trying again." : "The server is busy. Try again in a moment.";
  }
  if (!error.kind) {
    return `The page has failed: ${error.message}`;
  }
  return willRetry ? `${error.message} Trying again…` : error.message;
}
