/** The test digits of the sprite that `make samples` builds beside the page. */

import { encodeGreyPng } from "../drawing/png.js";
import { readJson } from "../recogniser/api.js";
import { fetchFile } from "../recogniser/page_files.js";
import { inkPainter } from "./picture_painter.js";

const INDEX = "samples.json";
const SPRITE = "samples.png";

/**
 * @returns {Promise<import("./samples.js").Sample[]>} row by row
 * @throws {Error} a file is missing or broken
 */
export async function loadSprite() {
  const [index, sprite] = await Promise.all([fetchFile(INDEX).then(readJson), fetchFile(SPRITE)]);
  if (!/^\d+$/.test(index?.labels) || !(index.side > 0) || !(index.columns > 0)) {
    throw new Error(`${INDEX} is not the index of a sprite`);
  }
  const image = await createImageBitmap(await sprite.blob());
  return [...index.labels].map((label, number) => ({ label, open: () => openTile(image, index, number) }));
}

/**
 * @param {number} number of the digit, from 0
 * @param {{side: number, columns: number}} index side in pixels
 * @returns {[number, number]} its top left corner, in pixels
 */
export function placeInSprite(number, { side, columns }) {
  return [(number % columns) * side, Math.floor(number / columns) * side];
}

async function openTile(image, index, number) {
  const { side } = index;
  const [x, y] = placeInSprite(number, index);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, -x, -y);
  const pixels = context.getImageData(0, 0, side, side);
  const grey = pixels.data.filter((_, i) => i % 4 === 0);
  grey.forEach((value, i) => pixels.data.set([0, 0, 0, 255 - value], 4 * i));
  context.putImageData(pixels, 0, 0);
  return { paint: inkPainter(canvas), bytes: await encodeGreyPng(grey, side) };
}
