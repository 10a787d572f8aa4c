/**
 * Colours an attribution, and finds where on the drawing each of its pixels lies. Pure.
 *
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box right and bottom are exclusive
 */

/** RGB of what spoke for the answer, and against it. */
const COLOURS = { for: [224, 88, 20], against: [38, 104, 222] };

/** opacity = |value| ** GAMMA; below 1, weak pixels stay visible. */
const GAMMA = 0.6;

/**
 * @param {number[][]} values in [-1, 1], row by row; positive: for the answer
 * @returns {Uint8ClampedArray} RGBA, row by row
 */
export function attributionPixels(values) {
  const colours = values.flat().flatMap((value) => {
    const [red, green, blue] = value >= 0 ? COLOURS.for : COLOURS.against;
    return [red, green, blue, 255 * Math.min(1, Math.abs(value)) ** GAMMA];
  });
  return Uint8ClampedArray.from(colours);
}

/**
 * @param {ArrayLike<number>} ink side * side values, row by row
 * @param {number} side
 * @param {number} threshold a greater value is ink
 * @returns {Box | null} of the ink, in pixels; null without ink
 */
export function inkBox(ink, side, threshold) {
  const box = { left: side, top: side, right: 0, bottom: 0 };
  for (let i = 0; i < side * side; i += 1) {
    if (ink[i] > threshold) {
      const [x, y] = [i % side, Math.floor(i / side)];
      box.left = Math.min(box.left, x);
      box.top = Math.min(box.top, y);
      box.right = Math.max(box.right, x + 1);
      box.bottom = Math.max(box.bottom, y + 1);
    }
  }
  return box.right > 0 ? box : null;
}

/**
 * Finds where the network's picture lies on the drawing. The recogniser crops the ink, scales both axes by one factor
 * and moves it. So the ink's longer sides give the scale, and its centres give the place.
 * @param {Box} seen the ink in the network's picture, in its pixels
 * @param {Box} drawn the same ink on the drawing, in any unit
 * @param {number} side_px of the network's picture
 * @returns {{x: number, y: number, side: number}} of the network's picture, in the drawing's unit
 */
export function placeOf(seen, drawn, side_px) {
  const scale = longSide(drawn) / longSide(seen);
  const [from, to] = [centre(seen), centre(drawn)];
  return { x: to.x - from.x * scale, y: to.y - from.y * scale, side: side_px * scale };
}

function longSide({ left, top, right, bottom }) {
  return Math.max(right - left, bottom - top);
}

function centre({ left, top, right, bottom }) {
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}
