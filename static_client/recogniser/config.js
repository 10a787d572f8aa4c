/** Reads where the recogniser is: from `config.json` beside the page; the query string overrides it. */

import { DEADLINE_S } from "./api.js";
import { RecogniserError } from "./errors.js";

const EXAMPLE = '{"endpoint": "http://127.0.0.1:8080", "model": "mnist"}';
const TOKEN = /^[\x21-\x7e]+$/; // allowed in a header

/**
 * @param {URL} pageUrl of the page; `config.json` is beside it
 * @returns {Promise<import("../types.js").Config>}
 * @throws {RecogniserError} kind "configuration", in words for the page's operator
 */
export async function loadConfig(pageUrl) {
  const overrides = Object.fromEntries(pageUrl.searchParams);
  const file = overrides.endpoint && overrides.model ? {} : await readConfigFile(pageUrl);
  return parseConfig(file, overrides, pageUrl);
}

/**
 * @param {Record<string, unknown>} file content of config.json
 * @param {Record<string, string>} overrides of the query string
 * @param {URL} pageUrl a relative endpoint is relative to it
 * @returns {import("../types.js").Config}
 * @throws {RecogniserError}
 */
export function parseConfig(file, overrides, pageUrl) {
  const endpoint = overrides.endpoint || file?.endpoint;
  const model = overrides.model || file?.model;
  const url = resolve(endpoint, pageUrl);
  if (!/^https?:$/.test(url?.protocol)) {
    throw wrong(`The endpoint ${JSON.stringify(endpoint)} is not an http address.`);
  }
  if (typeof model !== "string" || !model) {
    throw wrong(`The model ${JSON.stringify(model)} is not a name.`);
  }
  // The file's token is for the file's endpoint: a link must not be able to send it elsewhere.
  const token = overrides.token || (overrides.endpoint ? undefined : file?.token) || undefined;
  if (token !== undefined && (typeof token !== "string" || !TOKEN.test(token))) {
    throw wrong("The token is not valid: it may hold only ASCII letters, digits and punctuation.");
  }
  return { endpoint: (url.origin + url.pathname).replace(/\/+$/, ""), model, token, labels: overrides.model ? undefined : file.labels };
}

async function readConfigFile(pageUrl) {
  try {
    const signal = AbortSignal.timeout(DEADLINE_S * 1000);
    const response = await fetch(new URL("config.json", pageUrl), { cache: "no-cache", signal });
    return await response.json();
  } catch (error) {
    throw wrong(`The page cannot read its config.json, which should be like ${EXAMPLE}.`, error);
  }
}

function resolve(endpoint, pageUrl) {
  try {
    return typeof endpoint === "string" ? new URL(endpoint, pageUrl) : null;
  } catch {
    return null;
  }
}

function wrong(words, cause) {
  return new RecogniserError("configuration", words, { cause });
}
