/** Derives what the page shows from the drawing, the newest outcome and the errors. Pure; render.js shows it. */

import { RETRYING, doubtMessage, errorMessage } from "./status_messages.js";

/** @param {import("../types.js").PageFacts} facts @returns {import("../types.js").PageState} */
export function derivePageState({ drawing, subject, penIsDown, outcome, retryRequested, configError, pageError }) {
  if (retryRequested) {
    return { state: "asking", words: RETRYING, canRetry: true };
  }
  if (configError) {
    return { state: "error", words: errorMessage(configError), canRetry: true };
  }
  if (pageError) {
    return { state: "error", words: errorMessage(pageError) };
  }
  if (drawing.isEmpty) {
    return { state: "idle", words: "" };
  }
  const { error, result, willRetry } = outcome ?? {};
  if (error && error.kind !== "refused") {
    return { state: "error", words: errorMessage(error, willRetry), canRetry: error.kind !== "busy" || !willRetry };
  }
  const isOutdated = outcome?.revision !== drawing.revision;
  if (isOutdated || (error && penIsDown)) {
    return { state: "asking", result, words: "" };
  }
  if (error) {
    return { state: "error", words: errorMessage(error) };
  }
  const doubt = doubtMessage(result, subject);
  return { state: doubt ? "unsure" : "answered", result, words: penIsDown ? "" : doubt };
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
