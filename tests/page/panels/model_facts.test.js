import assert from "node:assert/strict";
import { test } from "node:test";

import { accuracyRows, listItems, modelFacts } from "../../../static_client/panels/model_facts.js";

const METADATA = {
  model: "mnist",
  version: "1.0",
  created: "2026-11-20T23:40:55+00:00",
  commit: "530c0ca373fe2a68",
  architecture: { network: "digit_cnn", parameters: 110586 },
  torchscript: { bytes: 448333 },
  metrics: { "MNIST test": { n: 10000, accuracy: 0.9962, interval: [0.99478, 0.99723] }, broken: {} },
};

test("facts missing in the file are left out", () => {
  assert.deepEqual(modelFacts(METADATA), [
    ["Model", "mnist 1.0"],
    ["Network", "digit_cnn, 110,586 parameters"],
    ["Size", "0.4 MB of TorchScript"],
    ["Made", "2026-11-20, commit 530c0ca3"],
  ]);
  assert.deepEqual(modelFacts({}), []);
  assert.deepEqual(modelFacts(null), []);
});

test("each measured set has a row", () => {
  const row = { name: "MNIST test", pictures: "10,000", accuracy: "99.62%", interval: "99.48% to 99.72%" };
  assert.deepEqual(accuracyRows(METADATA), [row]);
  assert.deepEqual(accuracyRows({}), []);
});

test("a section's list items come out as plain text", () => {
  const card = "# Card\n\n## Data\n\n- One `thing`\n  and more.\n- Two.\n\nAn end.\n\n## Limits\n\n- Three.\n\n- Four.\n";
  assert.deepEqual(listItems(card, "Data"), ["One thing and more.", "Two."]);
  assert.deepEqual(listItems(card, "Limits"), ["Three.", "Four."]);
  assert.deepEqual(listItems(card, "Licence"), []);
  assert.deepEqual(listItems("", "Data"), []);
});
