/**
 * Digits to try, in random order: the drawings beside the page, or MNIST's test digits after `make samples`.
 *
 * @typedef {object} Sample
 * @property {string} label
 * @property {() => Promise<Pick<import("../types.js").Picture, "paint" | "bytes">>} open bytes are a PNG
 */

import { RecogniserError } from "../recogniser/errors.js";
import { loadDrawings } from "./own_drawings.js";
import { SampleScore } from "./sample_score.js";
import { loadSprite } from "./sprite.js";

const score = new SampleScore();

/** @type {Promise<Sample[]> | null} */
let samples = null;
/** @type {Sample[]} */
let deck = []; // not shown yet

/**
 * @param {import("../types.js").Config} config
 * @returns {Promise<import("../types.js").Picture>} no digit comes twice before all were shown
 * @throws {RecogniserError} kind "refused": the recogniser has other labels, or the digits do not load
 */
export async function nextSample({ samples: hasSprite }) {
  if (document.getElementById("sample").hidden) {
    throw new RecogniserError("refused", "The digits to try are of no use here: this recogniser reads other symbols.");
  }
  samples ??= hasSprite ? loadSprite() : loadDrawings();
  try {
    deck = deck.length > 0 ? deck : shuffled(await samples);
  } catch (cause) {
    samples = null; // the next call tries again
    throw new RecogniserError("refused", "The digits to try do not load right now.", { cause });
  }
  const { label, open } = deck.pop();
  const picture = {
    ...(await open()),
    kind: "sample",
    mediaType: "image/png",
    label,
    answered: (result) => score.count(picture, result),
    caption: (result) => score.caption(picture, result),
  };
  return picture;
}

/** @template T @param {T[]} all @returns {T[]} in random order (Fisher-Yates) */
function shuffled(all) {
  const items = [...all];
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}
