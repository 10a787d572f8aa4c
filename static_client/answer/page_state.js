/** Derives what the page shows from the drawing, the newest outcome and the errors. Pure; render.js shows it. */

import { RETRYING, errorMessage } from "./status_messages.js";

const LEAST_GUESS = 0.4; // where nothing was recognised, a less likely label is not named
const LEAST_LEAD = 0.3; // of the likeliest label before the next; below it both are shown

/** @param {import("../types.js").PageFacts} facts @returns {import("../types.js").PageState} */
export function derivePageState(facts) {
  const { retryRequested, configError, pageError } = facts;
  if (retryRequested) {
    return { state: "asking", words: RETRYING, canRetry: true };
  }
  if (configError) {
    return { state: "error", words: errorMessage(configError), canRetry: configError.kind !== "configuration" };
  }
  const newest = stateOfAnswer(facts);
  if (!pageError) {
    return newest;
  }
  const words = errorMessage(pageError);
  return newest.answer ? { ...newest, words } : { state: "error", words };
}

function stateOfAnswer({ drawing, subject, penIsDown, outcome, held }) {
  if (drawing.isEmpty) {
    return { state: "idle", words: "" };
  }
  const { error, result, willRetry } = outcome ?? {};
  if (error && error.kind !== "refused") {
    const cannotHelp = error.kind === "configuration" || (error.kind === "busy" && willRetry);
    return { state: "error", words: errorMessage(error, willRetry), canRetry: !cannotHelp };
  }
  const isNewest = outcome?.revision === drawing.revision;
  if (error && isNewest && !penIsDown) {
    return { state: "error", words: errorMessage(error) };
  }
  const isCurrent = Boolean(result) && isNewest;
  const { words = "", ...shown } = penIsDown || !isCurrent ? headline(held) : verdict(result, subject);
  const isUnsure = words || (result && !result.recognised);
  return { state: !isCurrent ? "asking" : isUnsure ? "unsure" : "answered", result, ...shown, words };
}

/** Before the drawing is complete, an answer has no doubts. */
function headline(result) {
  if (!result) {
    return {};
  }
  return isNamed(result) ? { answer: result.label, confidence: result.confidence } : { answer: "?" };
}

function verdict(result, subject) {
  if (!result.recognised) {
    const guess = isNamed(result) ? ` Perhaps ${result.label}?` : "";
    return { answer: "?", words: `That doesn’t look like a ${subject}.${guess}` };
  }
  const rival = rivalOf(result);
  const words = rival && `${percent(result.probabilities[rival])} for ${rival}`;
  return { ...headline(result), rival, words };
}

function isNamed({ recognised, confidence }) {
  return recognised || confidence > LEAST_GUESS;
}

/** @param {import("../types.js").Result} result @returns {string | undefined} the next label where it is close */
export function rivalOf({ label, confidence, probabilities }) {
  const isNear = (each) => each !== label && probabilities[each] > confidence - LEAST_LEAD;
  const others = Object.keys(probabilities).filter(isNear);
  return others.sort((a, b) => probabilities[b] - probabilities[a])[0];
}

/** Whole per cent, rounded down: 0.996 is "99%", 0.002 "<1%". @param {number} share */
export function percent(share) {
  const whole = Math.floor(share * 100 + 1e-9); // 0.57 * 100 is 56.99999999999999
  return whole === 0 && share >= 0.001 ? "<1%" : `${whole}%`;
}
