import assert from "node:assert/strict";
import { test } from "node:test";

import { lengthen, smooth } from "../../../static_client/drawing/strokes.js";

const CORNER = [
  { x: 0.1, y: 0.1 },
  { x: 0.9, y: 0.1 },
  { x: 0.9, y: 0.9 },
];

test("points too near to the one before are left out", () => {
  const points = [{ x: 0.5, y: 0.5 }];
  assert.equal(lengthen(points, [{ x: 0.501, y: 0.5 }]), false);
  assert.equal(lengthen(points, [{ x: 0.501, y: 0.5 }, { x: 0.6, y: 0.5 }]), true);
  assert.deepEqual(points, [{ x: 0.5, y: 0.5 }, { x: 0.6, y: 0.5 }]);
});

test("a smoothed line starts and ends where the stroke does, cuts the corner and has no long pieces", () => {
  const line = smooth(CORNER);
  assert.deepEqual(line[0], CORNER[0]);
  assert.deepEqual(line.at(-1), CORNER[2]);
  const nearest = Math.min(...line.map(({ x, y }) => Math.hypot(x - 0.9, y - 0.1)));
  assert.ok(nearest > 0.1 && nearest < 0.3, `${nearest} from the corner`);
  const bend = line.slice(1, -1);
  const longest = Math.max(...bend.slice(1).map(({ x, y }, i) => Math.hypot(x - bend[i].x, y - bend[i].y)));
  assert.ok(longest < 0.02, `${longest}`);
});

test("dots and straight lines stay as they are", () => {
  assert.deepEqual(smooth(CORNER.slice(0, 1)), CORNER.slice(0, 1));
  assert.deepEqual(smooth(CORNER.slice(0, 2)), CORNER.slice(0, 2));
});
