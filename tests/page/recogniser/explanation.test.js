import assert from "node:assert/strict";
import { test } from "node:test";

import { parseExplanation } from "../../../static_client/recogniser/explanation.js";

const BODY = {
  label: "7",
  input: "aGVsbG8=",
  feature_maps: { layer: "first convolution", shape: [2, 24, 26], images: ["aGVs", "bG8="] },
  attribution: { method: "some", target: "7", values: [[1, -1], [0, 0.5]] },
};

test("an explanation is what the contract says", () => {
  assert.deepEqual(parseExplanation(BODY), {
    input: "data:image/png;base64,aGVsbG8=",
    maps: {
      layer: "first convolution",
      urls: ["data:image/png;base64,aGVs", "data:image/png;base64,bG8="],
      height: 24,
      width: 26,
    },
    attribution: BODY.attribution,
  });
});

const BROKEN = {
  "nothing": undefined,
  "a bare result": { label: "7" },
  "an input that is markup": { ...BODY, input: "<svg>" },
  "no maps": { ...BODY, feature_maps: null },
  "too many maps": { ...BODY, feature_maps: { ...BODY.feature_maps, images: Array(300).fill("aGVs") } },
  "a map that is a number": { ...BODY, feature_maps: { ...BODY.feature_maps, images: [7] } },
  "a ragged attribution": { ...BODY, attribution: { ...BODY.attribution, values: [[1], [0, 1]] } },
  "an attribution out of range": { ...BODY, attribution: { ...BODY.attribution, values: [[2]] } },
  "an attribution of words": { ...BODY, attribution: { ...BODY.attribution, values: [["x"]] } },
};

for (const [name, body] of Object.entries(BROKEN)) {
  test(`${name} is not taken for an explanation`, () => {
    assert.throws(() => parseExplanation(body), { kind: "failed", message: /does not explain its answers/ });
  });
}
