/** Reads where the recogniser is: from `config.json` beside the page; the query string overrides it. */

import { DEADLINE_S } from "./api.js";
import { RecogniserError } from "./errors.js";

const TOKEN = /^[\x21-\x7e]+$/; // allowed in a header

/**
 * @param {URL} pageUrl `config.json` is beside it
 * @returns {Promise<import("../types.js").Config>}
 * @throws {RecogniserError} kind "configuration", or "unreachable" where config.json does not load
 */
export async function loadConfig(pageUrl) {
  const overrides = Object.fromEntries(pageUrl.searchParams);
  const file = overrides.endpoint && overrides.model ? {} : await readConfigFile(pageUrl);
  return parseConfig(file, overrides, pageUrl);
}

/** @type {import("../types.js").ParseConfig} */
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
  const labels = overrides.model ? undefined : file.labels;
  const learner = overrides.endpoint || overrides.model ? undefined : file.learner;
  return { endpoint: (url.origin + url.pathname).replace(/\/+$/, ""), model, token, labels, samples: file.samples, learner };
}

async function readConfigFile(pageUrl) {
  try {
    const signal = AbortSignal.timeout(DEADLINE_S * 1000);
    const response = await fetch(new URL("config.json", pageUrl), { cache: "no-cache", signal });
    return await response.json();
  } catch (cause) {
    throw new RecogniserError("unreachable", "The page’s settings, config.json, do not load.", { cause });
  }
}

function resolve(endpoint, pageUrl) {
  try {
    return typeof endpoint === "string" ? new URL(endpoint, pageUrl) : null;
  } catch {
    return null;
  }
}

function wrong(words) {
  return new RecogniserError("configuration", words);
}
