/**
 * The picture that is sent: strokes in, a small grey PNG out. Cropping, centring and scaling are the server's business.
 *
 * Drawn here and not on a canvas: the theme cannot reach it, browsers that add noise to canvases cannot spoil it, one
 * grey channel is a third of what `toBlob` would encode, and it runs wherever JavaScript does.
 */

import { encodeGreyPng } from "./png.js";
import { smooth } from "./strokes.js";

/** Most bytes a picture may have. */
export const MAX_PICTURE_BYTES = 3072;

/** Sides to try, in pixels, the first that fits is sent. The last always fits: 28 rows of 29 bytes. */
const SIDES_PX = [112, 84, 56, 28];

/** Grey levels of the picture: more would only cost bytes, since the network sees it at a quarter of this size. */
const GREY_LEVELS = 16;

/** Where an eraser has left no pixel of this side with so much ink, nobody would see any. */
const BLANK_SIDE_PX = 56;
const BLANK_INK = 0.25;

/**
 * @param {import("./strokes.js").Stroke[]} strokes
 * @returns {Promise<Uint8Array<ArrayBuffer>>} PNG, square, dark ink on white paper, at most MAX_PICTURE_BYTES
 */
export async function takePicture(strokes) {
  let picture;
  for (const side_px of SIDES_PX) {
    const ink = rasterise(strokes, side_px);
    picture = await encodeGreyPng(ink.map(greyOfInk), side_px);
    if (picture.length <= MAX_PICTURE_BYTES) {
      break;
    }
  }
  return picture;
}

/** @param {import("./strokes.js").Stroke[]} strokes @returns {boolean} whether nothing of them is to be seen */
export function isBlank(strokes) {
  return rasterise(strokes, BLANK_SIDE_PX).every((ink) => ink < BLANK_INK);
}

/**
 * Draw strokes with round pens and erasers, one after the other.
 * @param {import("./strokes.js").Stroke[]} strokes
 * @param {number} side_px side of the picture
 * @returns {Float32Array} side_px * side_px, row by row, 0 = paper, 1 = ink
 */
export function rasterise(strokes, side_px) {
  const ink = new Float32Array(side_px * side_px);
  for (const { points, width, erases } of strokes) {
    const line = smooth(points);
    const radius = (width * side_px) / 2;
    for (let i = 0; i < line.length; i += 1) {
      drawPiece(ink, side_px, radius, line[Math.max(0, i - 1)], line[i], erases);
    }
  }
  return ink;
}

/** Draw one straight piece; a piece of no length is a dot. A pixel is covered as far as it lies inside the pen's edge. */
function drawPiece(ink, side, radius, from, to, erases) {
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
      const cover = Math.min(1, Math.max(0, inside));
      const index = row * side + column;
      ink[index] = erases ? Math.min(ink[index], 1 - cover) : Math.max(ink[index], cover);
    }
  }
}

/** @param {number} ink in [0, 1] @returns {number} grey in [0, 255], 0 = black ink, 255 = white paper */
function greyOfInk(ink) {
  const steps = GREY_LEVELS - 1;
  return 255 - (Math.round(ink * steps) * 255) / steps;
}
