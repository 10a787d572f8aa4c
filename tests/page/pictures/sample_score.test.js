import assert from "node:assert/strict";
import { test } from "node:test";

import { SampleScore } from "../../../static_client/pictures/sample_score.js";
import { placeInSprite } from "../../../static_client/pictures/samples.js";

test("each test digit counts once, and the caption tells how it went", () => {
  const score = new SampleScore();
  const [seven, one] = [{ label: "7" }, { label: "1" }];
  assert.equal(score.caption(seven), "Test digit, labelled 7");
  score.count(seven, { label: "7" });
  score.count(seven, { label: "7" });
  assert.equal(score.caption(seven, { label: "7", recognised: true }), "Test digit, labelled 7: read right");
  score.count(one, { label: "7" });
  assert.equal(score.caption(one, { label: "7", recognised: true }), "Test digit, labelled 1: read wrong (1 of 2 right)");
  assert.equal(score.caption(seven, { label: "7", recognised: false }), "Test digit, labelled 7: read right, but doubted (1 of 2 right)");
});

test("what has no label is not counted and has no caption", () => {
  const score = new SampleScore();
  score.count(null, { label: "7" });
  score.count({}, { label: "7" });
  score.count({ label: "7" }, undefined);
  assert.equal(score.caption({}), "");
  assert.equal(score.caption(null), "");
});

test("digits lie row by row in the sprite", () => {
  const index = { side: 28, columns: 20 };
  assert.deepEqual([0, 19, 20, 45].map((number) => placeInSprite(number, index)), [[0, 0], [532, 0], [0, 28], [140, 56]]);
});
