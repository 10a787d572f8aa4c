import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

import { MAX_PICTURE_BYTES, encodeStrokes, isBlank, rasterise } from "../../../static_client/drawing/raster.js";

const line = (width, erases, ...points) => ({ width, erases, points: points.map(([x, y]) => ({ x, y })) });
const ACROSS = line(0.1, false, [0.2, 0.5], [0.8, 0.5]);

/** @returns {{side: number, rows: Uint8Array[]}} of a grey PNG without filters */
function decode(png) {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const side = view.getUint32(16);
  const start = 8 + 25; // signature and IHDR
  const pixels = inflateSync(png.subarray(start + 8, start + 8 + view.getUint32(start)));
  return { side, rows: Array.from({ length: side }, (_, row) => pixels.subarray(row * (side + 1) + 1, (row + 1) * (side + 1))) };
}

test("a stroke is as wide as its pen", () => {
  for (const width of [0.05, 0.1]) {
    const ink = rasterise([{ ...ACROSS, width }], 100);
    const column = Array.from({ length: 100 }, (_, row) => ink[row * 100 + 50]);
    const total = column.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(total - 100 * width) < 0.5, `${total}`);
  }
});

test("an eraser takes away what lies under it, and ink after it comes back", () => {
  const rubbed = line(0.2, true, [0.5, 0.2], [0.5, 0.8]);
  const at = (strokes, x, y) => rasterise(strokes, 100)[y * 100 + x];
  assert.equal(at([ACROSS, rubbed], 50, 50), 0);
  assert.equal(at([ACROSS, rubbed], 30, 50), 1);
  assert.equal(at([ACROSS, rubbed, ACROSS], 50, 50), 1);
});

test("a wholly erased drawing is blank, a partly erased one is not", () => {
  assert.ok(isBlank([ACROSS, line(0.2, true, [0, 0.5], [1, 0.5])]));
  assert.ok(!isBlank([ACROSS, line(0.2, true, [0, 0.5], [0.6, 0.5])]));
});

test("the picture is a PNG, dark on white, of what was drawn", async () => {
  const { side, rows } = decode(await encodeStrokes([ACROSS]));
  assert.equal(side, 112);
  assert.equal(rows[0][0], 255);
  assert.equal(rows[56][56], 0);
  assert.equal(rows[20][56], 255);
});

test("the busiest drawing fits too, at a smaller size", async () => {
  const dots = Array.from({ length: 900 }, (_, i) => line(8 / 280, false, [(i * 0.618) % 1, i / 900]));
  const picture = await encodeStrokes(dots);
  assert.ok(picture.length <= MAX_PICTURE_BYTES);
  assert.ok(decode(picture).side < 112);
});
