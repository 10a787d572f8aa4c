/**
 * Strokes as data: what a pen leaves, its smoothing and its extent. Knows nothing of pixels, of the DOM or of the server.
 *
 * Lengths are in pad units: 1 is the pad's side, (0, 0) its top left corner, y points down. A stroke may leave the pad;
 * what lies outside is not seen and not sent.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, erases: boolean}} Pen width in pad units; an eraser takes ink away instead of leaving some
 * @typedef {Pen & {points: Point[]}} Stroke
 */

/** Widths of the pen, in pad units: what 8 to 28 pixels are on a 280 pixel pad. */
export const PEN_WIDTHS = { least: 8 / 280, usual: 20 / 280, most: 28 / 280, step: 2 / 280 };

/** Points nearer than this to the one before add nothing but work, in pad units. */
const MIN_STEP = 0.003;

/** Longest straight piece of a smoothed curve, in pad units: under a pixel of the picture that is sent. */
const CURVE_STEP = 0.008;

/**
 * Lengthen a stroke.
 * @param {Point[]} points the stroke's own, which grow
 * @param {Point[]} more in the order they were drawn
 * @returns {boolean} whether any was far enough from the one before to count
 */
export function lengthen(points, more) {
  const before = points.length;
  for (const point of more) {
    if (distance(points.at(-1), point) >= MIN_STEP) {
      points.push(point);
    }
  }
  return points.length > before;
}

/**
 * A smooth line through the points' midpoints, as straight pieces: quadratic curves with the points as controls.
 * The pad and the picture that is sent both draw this line, so what is seen is what is sent.
 * @param {Point[]} points
 * @returns {Point[]} starts and ends where the stroke does
 */
export function smooth(points) {
  if (points.length < 3) {
    return points;
  }
  const line = [points[0]];
  for (let i = 1; i < points.length - 1; i += 1) {
    appendCurve(line, points[i], midpoint(points[i], points[i + 1]));
  }
  line.push(points.at(-1));
  return line;
}

/**
 * @param {Stroke[]} strokes
 * @returns {{left: number, top: number, right: number, bottom: number} | null} null where there are no points
 */
export function bounds(strokes) {
  const points = strokes.flatMap((stroke) => stroke.points);
  if (points.length === 0) {
    return null;
  }
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
}

/** Append the quadratic curve from the line's end to `to`, bent towards `control`. */
function appendCurve(line, control, to) {
  const from = line.at(-1);
  const length = distance(from, control) + distance(control, to);
  const steps = Math.max(1, Math.ceil(length / CURVE_STEP));
  for (let step = 1; step <= steps; step += 1) {
    const t = step / steps;
    line.push({
      x: (1 - t) ** 2 * from.x + 2 * (1 - t) * t * control.x + t ** 2 * to.x,
      y: (1 - t) ** 2 * from.y + 2 * (1 - t) * t * control.y + t ** 2 * to.y,
    });
  }
}

function midpoint(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function distance(a, b) {
  return Math.hypot(b.x - a.x, b.y - a.y);
}
