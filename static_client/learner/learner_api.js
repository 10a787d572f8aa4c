/** The learner's HTTP client. */

import { readJson } from "../recogniser/api.js";
import { RecogniserError } from "../recogniser/errors.js";

const DEADLINE_S = 10;
const REFUSALS = { 401: "The learner does not know this page’s key.", 403: "This page’s key may not do that." };

/**
 * @param {import("../types.js").Learner} learner
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @returns {Promise<any>} the answer's JSON
 * @throws {RecogniserError} "unreachable" or "busy" where the same may be asked again later, else "refused"
 */
export async function askLearner(learner, method, path, body) {
  let response;
  let answer;
  try {
    response = await fetch(new URL(learner.endpoint.replace(/\/*$/, path), document.baseURI), {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: {
        ...(learner.token && { Authorization: `Bearer ${learner.token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      credentials: "omit",
      signal: AbortSignal.timeout(DEADLINE_S * 1000),
    });
    answer = await readJson(response);
  } catch (cause) {
    throw new RecogniserError("unreachable", "The learner can’t be reached right now.", { cause });
  }
  const { status } = response;
  if (!response.ok) {
    const canAskAgain = status === 429 || status >= 500;
    const words = REFUSALS[status] ?? `The learner refused: ${answer?.message ?? `HTTP ${status}`}.`;
    throw new RecogniserError(canAskAgain ? "busy" : "refused", words, { status });
  }
  return answer;
}
