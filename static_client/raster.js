/**
 * The picture that is sent: strokes in, a small grey PNG out. Cropping, centring and scaling are the server's business.
 *
 * Drawn here and not on a canvas: the theme cannot reach it, browsers that add noise to canvases cannot spoil it, one
 * grey channel is a third of what `toBlob` would encode, and it runs wherever JavaScript does.
 */

import { encodeGreyPng } from "./png.js";
import { PEN_WIDTH, smooth } from "./strokes.js";

/** Most bytes a picture may have. */
export const MAX_PICTURE_BYTES = 3072;

/** Sides to try, in pixels, the first that fits is sent. The last always fits: 28 rows of 29 bytes. */
const SIDES_PX = [112, 84, 56, 28];

/** Grey levels of the picture: more would only cost bytes, since the network sees it at a quarter of this size. */
const GREY_LEVELS = 16;

/**
 * @param {import("./strokes.js").Stroke[]} strokes
 * @returns {Promise<Uint8Array<ArrayBuffer>>} PNG, square, dark ink on white paper, at most MAX_PICTURE_BYTES
 */
export async function takePicture(strokes) {
  const lines = strokes.map(smooth);
  let picture;
  for (const side_px of SIDES_PX) {
    const ink = rasterise(lines, side_px);
    picture = await encodeGreyPng(ink.map(greyOfInk), side_px);
    if (picture.length <= MAX_PICTURE_BYTES) {
      break;
    }
  }
  return picture;
}

/**
 * Draw lines with a round pen.
 * @param {import("./strokes.js").Point[][]} lines in pad units
 * @param {number} side_px side of the picture
 * @returns {Float32Array} side_px * side_px, row by row, 0 = paper, 1 = ink
 */
export function rasterise(lines, side_px) {
  const ink = new Float32Array(side_px * side_px);
  const radius = (PEN_WIDTH * side_px) / 2;
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 1) {
      const from = line[Math.max(0, i - 1)];
      drawPiece(ink, side_px, radius, from, line[i]);
    }
  }
  return ink;
}

/** Draw one straight piece; a piece of no length is a dot. A pixel's ink is how far it lies inside the pen's edge. */
function drawPiece(ink, side, radius, from, to) {
  const ax = from.x * side;
  const ay = from.y * side;
  const dx = to.x * side - ax;
  const dy = to.y * side - ay;
  const lengthSquared = dx * dx + dy * dy || 1;
  const reach = radius + 1;
  const left = Math.max(0, Math.floor(Math.min(ax, ax + dx) - reach));
  const right = Math.min(side - 1, Math.ceil(Math.max(ax, ax + dx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, ay + dy) - reach));
  const bottom = Math.min(side - 1, Math.ceil(Math.max(ay, ay + dy) + reach));
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const px = column + 0.5 - ax;
      const py = row + 0.5 - ay;
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared));
      const inside = radius + 0.5 - Math.hypot(px - t * dx, py - t * dy);
      const index = row * side + column;
      ink[index] = Math.max(ink[index], Math.min(1, inside));
    }
  }
}

/** @param {number} ink in [0, 1] @returns {number} grey in [0, 255], 0 = black ink, 255 = white paper */
function greyOfInk(ink) {
  const steps = GREY_LEVELS - 1;
  return 255 - (Math.round(ink * steps) * 255) / steps;
}
