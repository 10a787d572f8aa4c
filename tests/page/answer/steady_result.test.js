import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { createSteadyResult } from "../../../static_client/answer/steady_result.js";

const read = (label, recognised = true) => ({ label, recognised, confidence: recognised ? 0.9 : 0.3 });
const [ONE, SEVEN] = ["1", "7"].map((label) => read(label));

let changes;
let steady;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  changes = 0;
  steady = createSteadyResult(() => (changes += 1));
});

test("a label that stays for 200 ms is shown, and no earlier", () => {
  steady.offer(ONE);
  mock.timers.tick(199);
  assert.equal(steady.shown, undefined);
  mock.timers.tick(1);
  assert.deepEqual([steady.shown, changes], [ONE, 1]);
});

test("a label that comes and goes is never shown", () => {
  steady.show(ONE);
  steady.offer(SEVEN);
  mock.timers.tick(150);
  steady.offer(ONE);
  mock.timers.tick(1000);
  assert.deepEqual([steady.shown, changes], [ONE, 0]);
});

test("newer results of the same label do not put it off", () => {
  steady.offer(SEVEN);
  mock.timers.tick(150);
  steady.offer({ ...SEVEN, confidence: 0.95 });
  mock.timers.tick(50);
  assert.equal(steady.shown.confidence, 0.95);
});

test("what is no digit is not shown while the pen moves", () => {
  steady.offer(read("3", false));
  mock.timers.tick(1000);
  assert.equal(steady.shown, undefined);
});

test("a shown label that is doubted for a moment stays", () => {
  steady.show(ONE);
  steady.offer(read("1", false));
  assert.equal(steady.shown, ONE);
});

test("the answer to a complete drawing is shown at once, and nothing follows", () => {
  steady.offer(SEVEN);
  steady.show(ONE);
  mock.timers.tick(1000);
  assert.deepEqual([steady.shown, changes], [ONE, 0]);
});
