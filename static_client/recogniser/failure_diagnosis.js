/** Finds out why the recogniser gave no answer or refused, in words. Loaded when something goes wrong. */

import { RecogniserError, isLocal } from "./errors.js";

const PROBE_DEADLINE_MS = 2000;
const MAX_MESSAGE_LENGTH = 160; // characters of a server's message; the page has no room for more
const TOKEN_REFUSED = "InvalidKeyException"; // the error's type in TorchServe's 400

/**
 * @param {import("../types.js").Config} config
 * @param {Error} cause of the failed request
 * @param {number} deadline_s of that request
 * @param {boolean} hasAnswered whether this endpoint has answered before, so that CORS allows it
 * @returns {Promise<RecogniserError | null>} null where no server answers
 */
export async function diagnoseNoAnswer({ endpoint, token }, cause, deadline_s, hasAnswered) {
  if (cause.name === "TimeoutError") {
    const words = `The recogniser has not answered within ${deadline_s} seconds.`;
    return new RecogniserError("unreachable", words, { cause });
  }
  const why = hasAnswered ? "down" : await probe(endpoint);
  if (why === "forbidden") {
    const command = `Allow it: \`make serve ALLOW_ENDPOINT=${new URL(endpoint).origin}\``;
    const advice = byVisitor(command, "Open it without `?endpoint=…`.");
    return new RecogniserError("configuration", `This page may not ask ${endpoint}. ${advice}`, { cause });
  }
  if (why === "origin") {
    const rule = token ? "ask with a token (CORS); it must be asked at the page's own address." : "ask (CORS).";
    const forOperator = `The recogniser at ${endpoint} runs, but lets no page of ${location.origin} ${rule}`;
    const words = byVisitor(forOperator, "The recogniser does not answer this page.");
    return new RecogniserError("unreachable", words, { cause }); // retried: it may have started just now
  }
  return null;
}

/** Commands are for who runs the page here: other visitors could do nothing with them. */
function byVisitor(forOperator, forOthers) {
  return isLocal(location.href) ? forOperator : forOthers;
}

/**
 * @param {string} endpoint
 * @returns {Promise<"forbidden" | "origin" | "down">} forbidden: this page's security policy forbids the request;
 *   origin: a server answers, but CORS does not let this page read it
 */
async function probe(endpoint) {
  let forbidden = false;
  const onViolation = () => (forbidden = true);
  document.addEventListener("securitypolicyviolation", onViolation);
  try {
    // No CORS rule stops a no-cors request. Its answer cannot be read, but shows that the server runs.
    const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
    await fetch(`${endpoint}/ping`, { mode: "no-cors", credentials: "omit", cache: "no-store", signal });
    return "origin";
  } catch {
    await new Promise((done) => setTimeout(done)); // the violation event comes after the failure
    return forbidden ? "forbidden" : "down";
  } finally {
    document.removeEventListener("securitypolicyviolation", onViolation);
  }
}

/**
 * @param {import("../types.js").Config} config
 * @param {number} status of HTTP, not a success
 * @param {unknown} body TorchServe's error object, or anything else
 * @returns {RecogniserError}
 */
export function diagnoseErrorStatus({ token }, status, body) {
  if (status === 401 || status === 403 || body?.type === TOKEN_REFUSED) {
    const refused = "The recogniser does not accept the token; it may have expired.";
    const what = token ? refused : "The recogniser asks for a token.";
    const command = "Put one in config.json, or add `?token=…` to this page’s address.";
    const advice = byVisitor(command, "Ask whoever runs this page.");
    const words = `${what} ${advice}`;
    return new RecogniserError("failed", words, { status });
  }
  const message = typeof body?.message === "string" ? shorten(body.message.trim()) : "";
  if (status >= 400 && status < 500 && message) {
    return new RecogniserError("refused", message, { status });
  }
  return new RecogniserError("failed", `The recogniser failed (HTTP ${status}). ${message}`.trim(), { status });
}

function shorten(message) {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH - 1)}…` : message;
}
