import assert from "node:assert/strict";
import { test } from "node:test";

import { isResult } from "../../../static_client/recogniser/api.js";

test("only what the contract says is a result", () => {
  const result = { label: "7", confidence: 0.9, recognised: true, probabilities: { 7: 0.9, 1: 0.1 } };
  assert.ok(isResult(result));
  for (const change of [{ label: 7 }, { confidence: 1.1 }, { recognised: 1 }, { probabilities: null }, { probabilities: { 7: "x" } }]) {
    assert.ok(!isResult({ ...result, ...change }), JSON.stringify(change));
  }
  assert.ok(!isResult(undefined));
});
