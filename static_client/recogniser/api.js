/** The recogniser's HTTP client. failure_diagnosis.js has the words for most errors. */

/** @import { Config, Result } from "../types.js" */

import { RecogniserError, isLocal, unreachable } from "./errors.js";

/** Longest wait for a whole answer. */
export const DEADLINE_S = 5;

/** Endpoints that have answered: CORS allows this page to ask them. */
const answered = new Set();

/** @param {Config} config @param {Uint8Array<ArrayBuffer>} picture an image file @returns {Promise<Result>} */
export async function recognise(config, picture) {
  const result = await ask(config, "predictions", picture, AbortSignal.timeout(DEADLINE_S * 1000));
  if (!isResult(result)) {
    throw new RecogniserError("failed", `What answers at ${config.endpoint} is not a recogniser.`);
  }
  return result;
}

/** @type {import("../types.js").Ask} */
export async function ask(config, what, picture, signal) {
  const model = config.model.split("/").map(encodeURIComponent).join("/");
  let response;
  let body;
  try {
    response = await fetch(`${config.endpoint}/${what}/${model}`, {
      method: "POST",
      body: picture, // bytes have no Content-Type: no CORS preflight
      headers: config.token ? { Authorization: `Bearer ${config.token}` } : {},
      credentials: "omit",
      signal,
    });
    body = await readJson(response);
    answered.add(config.endpoint);
  } catch (error) {
    throw await noAnswer(config, error);
  }
  if (!response.ok) {
    throw await errorStatus(config, response.status, body);
  }
  return body;
}

/** @param {Response} response @returns {Promise<unknown>} undefined where it is not JSON */
export async function readJson(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller reports what it expected
  }
}

/** @param {unknown} body @returns {body is Result} */
export function isResult(body) {
  return (
    typeof body?.label === "string" &&
    isShare(body.confidence) &&
    typeof body.recognised === "boolean" &&
    body.probabilities instanceof Object &&
    Object.values(body.probabilities).every(isShare)
  );
}

function isShare(value) {
  return typeof value === "number" && value >= 0 && value <= 1;
}

async function noAnswer(config, cause) {
  if (cause.name === "AbortError") {
    return cause; // the page itself cancelled the request
  }
  const { endpoint } = config;
  if (!navigator.onLine && !isLocal(endpoint)) {
    return unreachable(cause);
  }
  const reason = await (await loadDiagnosis())?.diagnoseNoAnswer(config, cause, DEADLINE_S, answered.has(endpoint));
  if (reason || !isLocal(location.href)) {
    return reason ?? unreachable(cause);
  }
  const advice = isLocal(endpoint) ? "Is `make serve` running?" : "Check the address and the connection.";
  const words = `Cannot reach the recogniser at ${endpoint}. ${advice}`;
  return new RecogniserError("unreachable", words, { cause });
}

async function errorStatus(config, status, body) {
  if (status === 503 || status === 429) {
    return new RecogniserError("busy", "The server is busy.", { status });
  }
  const reason = (await loadDiagnosis())?.diagnoseErrorStatus(config, status, body);
  return reason ?? new RecogniserError("failed", `The recogniser failed (HTTP ${status}).`, { status });
}

/** @returns undefined where the page's own server does not answer either */
function loadDiagnosis() {
  return import("./failure_diagnosis.js").catch(() => undefined);
}
