/**
 * The recogniser's HTTP client: one question, one answer, and words for whatever goes wrong. When to ask is asker.js's
 * business; where, config.js's.
 *
 * @typedef {{label: string, confidence: number, recognised: boolean, probabilities: Record<string, number>}} Result
 *   confidence and probabilities in [0, 1]
 */

/** Longest wait for an answer, its last byte included. */
export const DEADLINE_S = 5;

const LONGEST_MESSAGE = 160; // characters of a server's own words that the page has room for
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * What went wrong, in words for the person who draws (`message`).
 *
 * `kind` is "unreachable" (no answer), "busy" (worth asking again soon), "refused" (this drawing, not the next one),
 * "failed" (an answer that says so or makes no sense) or "configuration".
 */
export class RecogniserError extends Error {
  constructor(kind, message, options) {
    super(message, options);
    this.name = "RecogniserError";
    this.kind = kind;
  }
}

/**
 * Ask which digit a picture shows.
 * @param {import("./config.js").Config} config
 * @param {Uint8Array<ArrayBuffer>} picture a PNG file
 * @returns {Promise<Result>}
 * @throws {RecogniserError}
 */
export async function recognise(config, picture) {
  const model = config.model.split("/").map(encodeURIComponent).join("/");
  let response;
  let body;
  try {
    response = await fetch(`${config.endpoint}/predictions/${model}`, {
      method: "POST",
      body: picture, // bytes carry no Content-Type, so that the browser need not ask for leave (CORS preflight)
      credentials: "omit",
      signal: AbortSignal.timeout(DEADLINE_S * 1000),
    });
    body = await readJson(response);
  } catch (error) {
    throw unreachable(config.endpoint, error);
  }
  if (!response.ok) {
    throw refusal(response.status, body);
  }
  if (!isResult(body)) {
    throw new RecogniserError("failed", `What answers at ${config.endpoint} is not a digit recogniser.`);
  }
  return body;
}

/**
 * @param {Response} response
 * @returns {Promise<unknown>} what its JSON says, undefined where it is not JSON
 */
export async function readJson(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what it had expected instead
  }
}

/** @param {unknown} body @returns {body is Result} */
export function isResult(body) {
  return (
    typeof body?.label === "string" &&
    isShare(body.confidence) &&
    typeof body.recognised === "boolean" &&
    typeof body.probabilities === "object" &&
    body.probabilities !== null &&
    Object.values(body.probabilities).every(isShare)
  );
}

function isShare(value) {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function unreachable(endpoint, cause) {
  const late = cause.name === "TimeoutError";
  const what = late
    ? `The recogniser at ${endpoint} has not answered within ${DEADLINE_S} seconds.`
    : `Cannot reach the recogniser at ${endpoint}.`;
  const local = LOOPBACK.test(new URL(endpoint).hostname);
  const advice = local ? "Is `make serve` running?" : "Check the address and the connection.";
  return new RecogniserError("unreachable", late ? what : `${what} ${advice}`, { cause });
}

/** @param {number} status an HTTP status that is not a success @param {unknown} body TorchServe's error object */
function refusal(status, body) {
  if (status === 503) {
    return new RecogniserError("busy", "The server is busy.");
  }
  const message = typeof body?.message === "string" ? shorten(body.message.trim()) : "";
  if (status >= 400 && status < 500 && message) {
    return new RecogniserError("refused", message);
  }
  return new RecogniserError("failed", `The recogniser failed (HTTP ${status}). ${message}`.trim());
}

function shorten(message) {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
}
