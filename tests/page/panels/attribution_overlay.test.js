import assert from "node:assert/strict";
import { test } from "node:test";

import { attributionPixels, inkBox, placeOf } from "../../../static_client/panels/attribution_overlay.js";

test("positive values are warm, negative ones cool, zero is transparent", () => {
  const [red, , blue, full] = attributionPixels([[1]]);
  assert.ok(red > blue && full === 255);
  const [cold, , cool, half] = attributionPixels([[-0.5]]);
  assert.ok(cool > cold && half > 128 && half < 255);
  assert.equal(attributionPixels([[0]])[3], 0);
});

test("ink is found, and none where there is none", () => {
  const ink = new Uint8Array(16);
  assert.equal(inkBox(ink, 4, 0), null);
  ink[6] = 9;
  ink[9] = 9;
  assert.deepEqual(inkBox(ink, 4, 8), { left: 1, top: 1, right: 3, bottom: 3 });
  assert.equal(inkBox(ink, 4, 9), null);
});

test("the network's picture lies so that its ink covers the drawn ink", () => {
  const seen = { left: 9, top: 4, right: 19, bottom: 24 };
  const drawn = { left: 60, top: 10, right: 80, bottom: 50 };
  assert.deepEqual(placeOf(seen, drawn, 28), { x: 42, y: 2, side: 56 });
});

test("a stroke whose width changes stays in its place", () => {
  const { x, y, side } = placeOf({ left: 13, top: 4, right: 15, bottom: 24 }, { left: 0, top: 0, right: 10, bottom: 40 }, 28);
  assert.equal(side, 56);
  assert.deepEqual([x + 14 * 2, y + 14 * 2], [5, 20]);
});
