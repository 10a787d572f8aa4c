/** Sends to the learner what was corrected while there was one; what it has not accepted stays and is sent again. */

import { askLearner } from "./learner_api.js";
import { keep, readAll } from "../corrections/corrections_store.js";
import { NONE } from "../corrections/correction_words.js";

const MOST_AT_ONCE = 50;

/**
 * Sends all that is waiting, the oldest first.
 *
 * @param {import("../types.js").Learner} learner
 * @throws {RecogniserError} what it has not accepted is still waiting, or marked as refused
 */
export async function sendWaiting(learner) {
  const waiting = (await readAll()).reverse().filter(isWaiting);
  for (let first = 0; first < waiting.length; first += MOST_AT_ONCE) {
    await send(learner, waiting.slice(first, first + MOST_AT_ONCE));
  }
}

/** Erases there what was sent from here. @param {{accepted?: string}} correction */
export async function takeBack(learner, { accepted }) {
  if (accepted) {
    await askLearner(learner, "DELETE", `/corrections/${accepted}`);
  }
}

/** @returns {boolean} corrections that were made without a learner are nobody's but the visitor's */
function isWaiting({ destination, accepted, refused }) {
  return destination === "learner" && !accepted && !refused;
}

async function send(learner, corrections) {
  try {
    const { ids } = await askLearner(learner, "POST", "/corrections", corrections.map(toJson));
    for (const [i, correction] of corrections.entries()) {
      await keep({ ...correction, accepted: ids[i] });
    }
  } catch (error) {
    if (error.kind === "refused" && ![401, 403].includes(error.status)) {
      await sendOneByOne(learner, corrections, error);
    }
    throw error;
  }
}

/** All or none are accepted: one that nobody could learn from must not hold up the others for ever. */
async function sendOneByOne(learner, corrections, error) {
  if (corrections.length === 1) {
    await keep({ ...corrections[0], refused: error.message });
    return;
  }
  for (const correction of corrections) {
    await send(learner, [correction]).catch(() => {}); // it is marked
  }
}

function toJson({ picture, correction, answer, strokes }) {
  return {
    image: base64(picture),
    label: correction,
    answer: answer.recognised ? answer.label : NONE,
    confidence: answer.confidence,
    version: answer.version,
    strokes,
  };
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}
