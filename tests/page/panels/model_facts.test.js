import assert from "node:assert/strict";
import { test } from "node:test";

import { modelFacts } from "../../../static_client/panels/model_facts.js";

const METADATA = {
  model: "mnist",
  version: "1.0",
  created: "2026-11-20T23:40:55+00:00",
  commit: "530c0ca373fe2a68",
  architecture: { network: "digit_cnn", parameters: 110586 },
  torchscript: { bytes: 448333 },
  metrics: { "MNIST test": { n: 10000, accuracy: 0.9962, interval: [0.99478, 0.99723] }, broken: {} },
};

test("four facts, of which those missing in the file are left out", () => {
  assert.deepEqual(modelFacts(METADATA), [
    ["Read right", "99.62% of 10,000 (MNIST test)"],
    ["Parameters", "110,586"],
    ["Size", "0.4 MB"],
    ["Version", "1.0, made 2026-11-20"],
  ]);
  assert.deepEqual(modelFacts({}), []);
  assert.deepEqual(modelFacts(null), []);
});

test("a release without the usual set shows its first one", () => {
  const metrics = { shapes: { n: 200, accuracy: 0.5 }, others: { n: 10, accuracy: 1 } };
  assert.deepEqual(modelFacts({ metrics }), [["Read right", "50.00% of 200 (shapes)"]]);
  assert.deepEqual(modelFacts({ metrics: { broken: {} } }), []);
});
