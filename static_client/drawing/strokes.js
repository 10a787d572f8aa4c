/** Lengthens and smooths strokes, in pad units. Pure. */

/** @import { Point } from "../types.js" */

/** A point nearer than this to the one before is dropped. */
const MIN_STEP = 0.003;

/** Longest straight piece of a smoothed curve: under a pixel of the sent picture. */
const CURVE_STEP = 0.008;

/** @param {Point[]} points grows @param {Point[]} more of the stroke @returns {boolean} whether any was added */
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
 * The line that both the pad and the sent picture draw: quadratic curves through the points' midpoints.
 * @param {Point[]} points
 * @returns {Point[]} ends of straight pieces; starts and ends where the stroke does
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

export function distance(a, b) {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function midpoint(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** Appends the quadratic curve from the line's end to `to`, bent towards `control`. */
function appendCurve(line, control, to) {
  const from = line.at(-1);
  const steps = Math.max(1, Math.ceil((distance(from, control) + distance(control, to)) / CURVE_STEP));
  for (let step = 1; step <= steps; step += 1) {
    const t = step / steps;
    const at = (axis) => (1 - t) ** 2 * from[axis] + 2 * (1 - t) * t * control[axis] + t ** 2 * to[axis];
    line.push({ x: at("x"), y: at("y") });
  }
}
