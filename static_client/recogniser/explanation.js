/**
 * Asks the recogniser to explain an answer, and checks that the explanation can be shown.
 *
 * @typedef {object} Explanation
 * @property {string} input what the network sees, light ink on dark paper: a data: URL
 * @property {{layer: string, urls: string[], height: number, width: number}} maps feature maps, as data: URLs
 * @property {{method: string, target: string, values: number[][]}} attribution square, values in [-1, 1]
 */

import { DEADLINE_S, ask } from "./api.js";
import { RecogniserError } from "./errors.js";

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MAX_MAPS = 256;

/**
 * @param {import("../types.js").Config} config
 * @param {Uint8Array<ArrayBuffer>} picture an image file
 * @param {AbortController} controller cancels the request
 * @returns {Promise<Explanation>}
 * @throws {RecogniserError | DOMException} an AbortError where it was cancelled
 */
export async function explain(config, picture, controller) {
  const late = new DOMException("too late", "TimeoutError");
  const timer = setTimeout(() => controller.abort(late), DEADLINE_S * 1000);
  try {
    return parseExplanation(await ask(config, "explanations", picture, controller.signal));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {unknown} body
 * @returns {Explanation}
 * @throws {RecogniserError} it is no explanation
 */
export function parseExplanation(body) {
  const { input, feature_maps: maps, attribution } = body ?? {};
  const isExplanation =
    isBase64(input) &&
    Array.isArray(maps?.images) &&
    maps.images.length <= MAX_MAPS &&
    maps.images.every(isBase64) &&
    maps.shape?.length === 3 &&
    isSquare(attribution?.values);
  if (!isExplanation) {
    throw new RecogniserError("failed", "This recogniser does not explain its answers.");
  }
  const [, height, width] = maps.shape;
  return {
    input: dataUrl(input),
    maps: { layer: String(maps.layer), urls: maps.images.map(dataUrl), height, width },
    attribution: { method: String(attribution.method), target: String(attribution.target), values: attribution.values },
  };
}

function isBase64(text) {
  return typeof text === "string" && BASE64.test(text);
}

function isSquare(rows) {
  return (
    Array.isArray(rows) &&
    rows.length > 0 &&
    rows.every((row) => row?.length === rows.length && row.every((value) => value >= -1 && value <= 1))
  );
}

function dataUrl(base64) {
  return `data:image/png;base64,${base64}`;
}
