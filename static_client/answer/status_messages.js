/** The words of errors and retries. */

export const RETRYING = "Trying again…";

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
