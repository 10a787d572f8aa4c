/** Random test digits, from the sprite that `make samples` builds beside the page. */

import { encodeGreyPng } from "../drawing/png.js";
import { readJson } from "../recogniser/api.js";
import { RecogniserError } from "../recogniser/errors.js";
import { fetchFile } from "../recogniser/page_files.js";
import { inkPainter } from "./picture_painter.js";
import { SampleScore } from "./sample_score.js";

const INDEX = "samples.json";
const SPRITE = "samples.png";

const score = new SampleScore();

let sheet = null; // promise of {image, index}
let deck = []; // indices of the digits not shown yet

/**
 * @returns {Promise<import("../types.js").Picture>} no digit comes twice before all were shown
 * @throws {RecogniserError} kind "refused": the recogniser has other labels, or samples.png or samples.json is missing or broken
 */
export async function nextSample() {
  if (document.getElementById("sample").hidden) {
    throw new RecogniserError("refused", "The test pictures are of digits, which this recogniser does not read.");
  }
  sheet ??= load();
  let image;
  let index;
  try {
    ({ image, index } = await sheet);
  } catch (error) {
    sheet = null; // the next call tries again
    throw error;
  }
  deck = deck.length > 0 ? deck : shuffled(index.labels.length);
  const number = deck.pop();
  const [x, y] = placeInSprite(number, index);
  const canvas = new OffscreenCanvas(index.side, index.side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, -x, -y);
  const pixels = context.getImageData(0, 0, index.side, index.side);
  const grey = pixels.data.filter((_, i) => i % 4 === 0);
  grey.forEach((value, i) => pixels.data.set([0, 0, 0, 255 - value], 4 * i));
  context.putImageData(pixels, 0, 0);
  const picture = {
    kind: "sample",
    paint: inkPainter(canvas),
    mediaType: "image/png",
    bytes: await encodeGreyPng(grey, index.side),
    label: index.labels[number],
    answered: (result) => score.count(picture, result),
    caption: (result) => score.caption(picture, result),
  };
  return picture;
}

/**
 * @param {number} number of the digit, from 0
 * @param {{side: number, columns: number}} index side in pixels
 * @returns {[number, number]} its top left corner, in pixels
 */
export function placeInSprite(number, { side, columns }) {
  return [(number % columns) * side, Math.floor(number / columns) * side];
}

async function load() {
  try {
    const [index, sprite] = await Promise.all([fetchFile(INDEX).then(readJson), fetchFile(SPRITE)]);
    if (!/^\d+$/.test(index?.labels) || !(index.side > 0) || !(index.columns > 0)) {
      throw new Error(`${INDEX} is not the index of a sprite`);
    }
    return { index, image: await createImageBitmap(await sprite.blob()) };
  } catch (cause) {
    const words = "There are no test digits beside this page; `make samples` builds them from the data.";
    throw new RecogniserError("refused", words, { cause });
  }
}

/** @param {number} count @returns {number[]} 0 to count - 1 in random order (Fisher-Yates) */
function shuffled(count) {
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}
