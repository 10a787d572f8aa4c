/** The words beside the answer: doubts, errors, retries. */

const SURE = 0.5; // a less confident answer is shown as unsure

export const RETRYING = "Trying again…";

/** @param {import("../types.js").Result} result @param {string} subject @returns {string} empty for a sure answer */
export function doubtMessage({ recognised, label, confidence, probabilities }, subject) {
  if (!recognised) {
    return `Probably not a ${subject}. Best guess: ${label}.`;
  }
  if (confidence >= SURE) {
    return "";
  }
  const [other] = Object.entries(probabilities)
    .filter(([name]) => name !== label)
    .sort((a, b) => b[1] - a[1])[0] ?? [label];
  return `Not sure: ${label} or ${other}?`;
}

/** @param {Error & {kind?: string}} error @param {boolean} [willRetry] whether the page itself asks again */
export function errorMessage(error, willRetry) {
  if (error.kind === "busy") {
    return willRetry ? `The server is busy. ${RETRYING}` : "The server is busy. Try again in a moment.";
  }
  if (!error.kind) {
    return `The page has failed: ${error.message}`;
  }
  return willRetry ? `${error.message} ${RETRYING}` : error.message;
}
