/** Why no answer came, looked at closely: comes to the page when something has gone wrong. Browsers say only that. */

import { RecogniserError } from "./errors.js";

const PROBE_DEADLINE_MS = 2000;
const LONGEST_MESSAGE = 160; // characters of a server's own words that the page has room for
const TOKEN_REFUSED = "InvalidKeyException"; // TorchServe's name for it; it answers 400

/**
 * @param {import("../types.js").Config} config
 * @param {Error} cause what a request has just failed with
 * @param {number} deadline_s the longest it waited
 * @param {boolean} mayBeRead whether it has answered this page before
 * @returns {Promise<RecogniserError | null>} null where nobody is there
 */
export async function diagnoseNoAnswer({ endpoint, token }, cause, deadline_s, mayBeRead) {
  if (cause.name === "TimeoutError") {
    const words = `The recogniser at ${endpoint} has not answered within ${deadline_s} seconds.`;
    return new RecogniserError("unreachable", words, { cause });
  }
  const why = mayBeRead ? "down" : await probe(endpoint);
  if (why === "forbidden") {
    return new RecogniserError("failed", `This page may not ask ${endpoint}: its security policy forbids it.`, { cause });
  }
  if (why === "origin") {
    const rule = token ? "ask with a token (CORS); it must be asked at the page's own address." : "ask (CORS).";
    const words = `The recogniser at ${endpoint} runs, but lets no page of ${location.origin} ${rule}`;
    return new RecogniserError("unreachable", words, { cause }); // or it has come up this very moment
  }
  return null;
}

/**
 * @param {string} endpoint
 * @returns {Promise<"forbidden" | "origin" | "down">} forbidden: by this page's security policy; origin: it answers, but
 *   this page is not allowed to see it
 */
async function probe(endpoint) {
  let forbidden = false;
  const notice = () => (forbidden = true);
  document.addEventListener("securitypolicyviolation", notice);
  try {
    // An answer to this may not be read by any page, and so needs nobody's leave: that it comes says enough.
    const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
    await fetch(`${endpoint}/ping`, { mode: "no-cors", credentials: "omit", cache: "no-store", signal });
    return "origin";
  } catch {
    await new Promise((done) => setTimeout(done)); // the violation is told after the failure
    return forbidden ? "forbidden" : "down";
  } finally {
    document.removeEventListener("securitypolicyviolation", notice);
  }
}

/**
 * @param {import("../types.js").Config} config
 * @param {number} status an HTTP status that is not a success
 * @param {unknown} body TorchServe's error object, where it is one
 * @returns {RecogniserError}
 */
export function diagnoseErrorStatus({ token }, status, body) {
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
