import assert from "node:assert/strict";
import { test } from "node:test";

import { NONE, named } from "../../../static_client/corrections/correction_words.js";

test("a label has the article that it is read with", () => {
  const words = { 8: "an 8", 7: "a 7", A: "an A", B: "a B", m: "an m", u: "a u", arrow: "an arrow", star: "a star" };
  assert.deepEqual(Object.keys(words).map((label) => named(label, "symbol")), Object.values(words));
});

test("a picture of none is named by what a label is called", () => {
  assert.equal(named(NONE, "digit"), "no digit");
});
