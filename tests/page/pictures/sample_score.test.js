import assert from "node:assert/strict";
import { test } from "node:test";

import { SampleScore } from "../../../static_client/pictures/sample_score.js";

test("each digit counts once, and the caption says whether it was read right", () => {
  const score = new SampleScore();
  const [seven, one] = [{ label: "7" }, { label: "1" }];
  assert.equal(score.caption(seven), "This is a 7");
  score.count(seven, { label: "7" });
  score.count(seven, { label: "7" });
  assert.equal(score.caption(seven, { label: "7", recognised: true }), "This is a 7. Correct");
  score.count(one, { label: "7" });
  assert.equal(score.caption(one, { label: "7", recognised: true }), "This is a 1. Wrong (1 of 2 right)");
  assert.equal(score.caption(seven, { label: "7", recognised: false }), "This is a 7. Correct, but unsure (1 of 2 right)");
});

test("a picture without a label is not counted and has no caption", () => {
  const score = new SampleScore();
  score.count(null, { label: "7" });
  score.count({}, { label: "7" });
  score.count({ label: "7" }, undefined);
  assert.equal(score.caption({}), "");
  assert.equal(score.caption(null), "");
});
