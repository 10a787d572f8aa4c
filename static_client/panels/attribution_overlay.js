/**
 * An attribution as something to look at: colours, and the place on the drawing that each pixel stands for. Pure.
 *
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box right and bottom lie outside of it
 */

/** What spoke for the answer, and what against it: red, green, blue. */
const COLOURS = { for: [224, 88, 20], against: [38, 104, 222] };

/** Opacity rises faster than the value, so that weak pixels are seen at all. */
const GAMMA = 0.6;

/**
 * @param {number[][]} values in [-1, 1], row by row; positive ones spoke for the answer
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
 * @param {number} threshold what has more is ink
 * @returns {Box | null} where the ink is, in pixels; null where there is none
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
 * Where the picture that the network saw lies on the drawing. The recogniser cuts the ink out, scales it as it is and
 * moves it; so ink lies on ink, and a scale that is the same in both directions tells the rest.
 * @param {Box} seen ink of the network's picture, in its pixels
 * @param {Box} drawn the same ink on the drawing, in any unit
 * @param {number} side_px of the network's picture
 * @returns {{x: number, y: number, side: number}} of the whole picture, in the drawing's unit
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
