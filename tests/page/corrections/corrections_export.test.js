import assert from "node:assert/strict";
import { test } from "node:test";

import { exportFiles } from "../../../static_client/corrections/corrections_export.js";

test("an export has an index, and each picture under its id", () => {
  const correction = {
    id: 12,
    time: "2026-11-21T10:00:00.000Z",
    kind: "drawing",
    strokes: [],
    picture: Uint8Array.of(1, 2),
    mediaType: "image/webp",
    answer: { label: "7" },
    correction: "1",
  };
  const [index, picture] = exportFiles([correction], "2026-11-22T10:00:00.000Z");
  assert.deepEqual(picture, { name: "pictures/000012.webp", bytes: correction.picture });
  const { format, corrections } = JSON.parse(new TextDecoder().decode(index.bytes));
  assert.equal(format, 1);
  assert.deepEqual(corrections[0], {
    time: correction.time,
    kind: "drawing",
    strokes: [],
    answer: { label: "7" },
    correction: "1",
    id: 12,
    picture: "pictures/000012.webp",
  });
});
