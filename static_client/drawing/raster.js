/** Draws strokes as the grey PNG that is sent. No canvas: some browsers add noise to a canvas' pixels. */

/** @import { Stroke } from "../types.js" */

import { encodeGreyPng } from "./png.js";
import { smooth } from "./strokes.js";

export const MAX_PICTURE_BYTES = 3072;

const SIDES_PX = [112, 84, 56, 28]; // the largest that fits is sent; the last always fits
const GREY_STEPS = 15; // more would only cost bytes: the network sees a quarter of the size

/** A drawing without a pixel of this much ink, at this size, looks empty. */
const BLANK = { side_px: 56, ink: 0.25 };

/**
 * @param {Stroke[]} strokes
 * @returns {Promise<Uint8Array<ArrayBuffer>>} PNG, square, dark ink on white paper, at most MAX_PICTURE_BYTES
 */
export async function encodeStrokes(strokes) {
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

/** @param {Stroke[]} strokes @returns {boolean} whether no ink is visible */
export function isBlank(strokes) {
  return rasterise(strokes, BLANK.side_px).every((ink) => ink < BLANK.ink);
}

/**
 * Draws strokes with round pens and erasers, in order.
 * @param {Stroke[]} strokes
 * @param {number} side_px of the picture
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

/** Draws one straight piece, or a dot. A pixel's cover is its depth inside the pen's edge, in [0, 1]. */
function drawPiece(ink, side, radius, from, to, erases) {
  const [ax, ay] = [from.x * side, from.y * side];
  const [dx, dy] = [to.x * side - ax, to.y * side - ay];
  const lengthSquared = dx * dx + dy * dy || 1;
  const reach = radius + 1;
  const left = Math.max(0, Math.floor(Math.min(ax, ax + dx) - reach));
  const right = Math.min(side - 1, Math.ceil(Math.max(ax, ax + dx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, ay + dy) - reach));
  const bottom = Math.min(side - 1, Math.ceil(Math.max(ay, ay + dy) + reach));
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
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
  return 255 - (Math.round(ink * GREY_STEPS) * 255) / GREY_STEPS;
}
