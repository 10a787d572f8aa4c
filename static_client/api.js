/**
 * The recogniser's HTTP client: one question, one answer, and words for whatever goes wrong. When to ask is asker.js's
 * business; where, config.js's.
 *
 * @typedef {{label: string, confidence: number, recognised: boolean, probabilities: Record<string, number>,
 *   model: string, version: string}} Result confidence and probabilities in [0, 1]
 */

import { diagnose, isLoopback } from "./diagnosis.js";

/** Longest wait for an answer, its last byte included. */
export const DEADLINE_S = 5;

const LONGEST_MESSAGE = 160; // characters of a server's own words that the page has room for
/** Endpoints that have let the page read an answer: if another does not come, that is not for lack of leave. */
const readable = new Set();

const TOKEN_REFUSED = "InvalidKeyException"; // TorchServe's name for it; it answers 400

/**
 * What went wrong, in words for the person who draws (`message`).
 *
 * `kind` is "unreachable" (no answer), "busy" (worth asking again soon), "refused" (this drawing, not the next one),
 * "failed" (an answer that says so or makes no sense) or "configuration". `status` is HTTP's, where there was one.
 */
export class RecogniserError extends Error {
  constructor(kind, message, { status, ...options } = {}) {
    super(message, options);
    this.name = "RecogniserError";
    this.kind = kind;
    this.status = status;
  }
}

/**
 * Ask which digit a picture shows.
 * @param {import("./config.js").Config} config
 * @param {Uint8Array<ArrayBuffer>} picture a picture's file
 * @returns {Promise<Result>}
 * @throws {RecogniserError}
 */
export async function recognise(config, picture) {
  const result = await ask(config, "predictions", picture, AbortSignal.timeout(DEADLINE_S * 1000));
  if (!isResult(result)) {
    throw new RecogniserError("failed", `What answers at ${config.endpoint} is not a digit recogniser.`);
  }
  return result;
}

/**
 * @param {import("./config.js").Config} config
 * @param {"predictions" | "explanations"} what
 * @param {Uint8Array<ArrayBuffer>} picture a picture's file
 * @param {AbortSignal} signal
 * @returns {Promise<unknown>} the answer's JSON, undefined where it is none
 * @throws {RecogniserError}
 */
export async function ask(config, what, picture, signal) {
  const model = config.model.split("/").map(encodeURIComponent).join("/");
  let response;
  let body;
  try {
    response = await fetch(`${config.endpoint}/${what}/${model}`, {
      method: "POST",
      body: picture, // bytes carry no Content-Type, so that the browser need not ask for leave (CORS preflight)
      headers: config.token ? { Authorization: `Bearer ${config.token}` } : {},
      credentials: "omit",
      signal,
    });
    body = await readJson(response);
    readable.add(config.endpoint);
  } catch (error) {
    throw await unreachable(config, error);
  }
  if (!response.ok) {
    throw refusal(config, response.status, body);
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

async function unreachable({ endpoint, token }, cause) {
  if (cause.name === "AbortError") {
    return cause; // the page itself has changed its mind
  }
  if (cause.name === "TimeoutError") {
    const words = `The recogniser at ${endpoint} has not answered within ${DEADLINE_S} seconds.`;
    return new RecogniserError("unreachable", words, { cause });
  }
  switch (readable.has(endpoint) && navigator.onLine ? "down" : await diagnose(endpoint)) {
    case "offline":
      return new RecogniserError("unreachable", "This device is offline. The drawing stays and will be read.", { cause });
    case "forbidden":
      return new RecogniserError("failed", `This page may not ask ${endpoint}: its security policy forbids it.`, { cause });
    case "origin": {
      const asks = token ? "ask with a token" : "ask";
      const words = `The recogniser at ${endpoint} runs, but lets no page of ${location.origin} ${asks} (CORS).`;
      return new RecogniserError("unreachable", words, { cause }); // or it has come up this very moment
    }
    default: {
      const advice = isLoopback(endpoint) ? "Is `make serve` running?" : "Check the address and the connection.";
      return new RecogniserError("unreachable", `Cannot reach the recogniser at ${endpoint}. ${advice}`, { cause });
    }
  }
}

/** @param {number} status an HTTP status that is not a success @param {unknown} body TorchServe's error object */
function refusal({ token }, status, body) {
  if (status === 503 || status === 429) {
    return new RecogniserError("busy", "The server is busy.", { status });
  }
  if (status === 401 || status === 403 || body?.type === TOKEN_REFUSED) {
    const what = token ? "The recogniser does not accept the token; it may have expired." : "The recogniser asks for a token.";
    return new RecogniserError("failed", `${what} Put one in config.json or behind the address: \`?token=…\``, { status });
  }
  const message = typeof body?.message === "string" ? shorten(body.message.trim()) : "";
  if (status >= 400 && status < 500 && message) {
    return new RecogniserError("refused", message, { status });
  }
  return new RecogniserError("failed", `The recogniser failed (HTTP ${status}). ${message}`.trim(), { status });
}

function shorten(message) {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message;
}
