import assert from "node:assert/strict";
import { test } from "node:test";

import { derivePageState, percent, rivalOf } from "../../../static_client/answer/page_state.js";

const RESULT = { label: "8", confidence: 0.97, recognised: true, probabilities: { 8: 0.97, 3: 0.02, 5: 0.01 } };
const CLOSE = { label: "1", confidence: 0.51, recognised: true, probabilities: { 1: 0.51, 7: 0.47, 4: 0.02 } };
const NOTHING = { subject: "digit", drawing: { isEmpty: true, revision: 0 }, penIsDown: false, outcome: null, held: undefined, retryRequested: false, configError: null, pageError: null };
const DRAWN = { ...NOTHING, drawing: { isEmpty: false, revision: 3 } };
const answered = (result, more) => derivePageState({ ...DRAWN, outcome: { revision: 3, result }, held: result, ...more });
const failed = (kind, more) => derivePageState({ ...DRAWN, outcome: { revision: 3, error: Object.assign(new Error("Why."), { kind }), ...more } });

test("an empty pad is idle", () => {
  assert.deepEqual(derivePageState(NOTHING), { state: "idle", words: "" });
});

test("a sure answer needs no words", () => {
  const { state, answer, rival, confidence, words } = answered(RESULT);
  assert.deepEqual([state, answer, rival, confidence, words], ["answered", "8", undefined, 0.97, ""]);
});

test("what is no digit is a question mark, and its guess is named only above 40%", () => {
  const guess = (confidence) => answered({ ...RESULT, confidence, recognised: false });
  assert.deepEqual([guess(0.1).state, guess(0.1).answer, guess(0.1).confidence], ["unsure", "?", undefined]);
  assert.equal(guess(0.4).words, "That doesn’t look like a digit.");
  assert.equal(guess(0.41).words, "That doesn’t look like a digit. Perhaps 8?");
});

test("two labels less than 30 points apart are both shown", () => {
  const { state, answer, rival, words } = answered(CLOSE);
  assert.deepEqual([state, answer, rival, words], ["unsure", "1", "7", "47% for 7"]);
  const apart = (lead) => rivalOf({ label: "1", confidence: 0.5 + lead / 2, probabilities: { 1: 0.5 + lead / 2, 7: 0.5 - lead / 2 } });
  assert.deepEqual([apart(0.29), apart(0.31)], ["7", undefined]);
  assert.equal(rivalOf({ label: "only", confidence: 1, probabilities: { only: 1 } }), undefined);
});

test("while the pen is down, the held answer is shown without doubts, and the bars are the newest", () => {
  const { answer, confidence, rival, result, words } = answered(CLOSE, { penIsDown: true, held: RESULT });
  assert.deepEqual([answer, confidence, rival, result, words], ["8", 0.97, undefined, CLOSE, ""]);
  assert.equal(answered(CLOSE, { penIsDown: true, held: undefined }).answer, undefined);
});

test("the previous answer stays until the next comes", () => {
  const { state, answer, words } = derivePageState({ ...DRAWN, outcome: { revision: 2, result: CLOSE }, held: RESULT });
  assert.deepEqual([state, answer, words], ["asking", "8", ""]);
});

test("errors say whether the page retries by itself, and whether a person can", () => {
  assert.deepEqual(failed("unreachable", { willRetry: true }), { state: "error", words: "Why. Trying again…", canRetry: true });
  assert.deepEqual(failed("unreachable"), { state: "error", words: "Why.", canRetry: true });
  assert.deepEqual(failed("busy", { willRetry: true }), { state: "error", words: "The server is busy. Trying again…", canRetry: false });
  assert.deepEqual(failed("configuration"), { state: "error", words: "Why.", canRetry: false });
  assert.deepEqual(failed("refused"), { state: "error", words: "Why." });
  assert.equal(failed(undefined).words, "The page has failed: Why.");
  const configError = (kind) => derivePageState({ ...NOTHING, configError: Object.assign(new Error("Why."), { kind }) }).canRetry;
  assert.deepEqual([configError("configuration"), configError("unreachable")], [false, true]);
});

test("a refusal of an earlier drawing is not shown", () => {
  const error = Object.assign(new Error("No ink."), { kind: "refused" });
  assert.equal(derivePageState({ ...DRAWN, outcome: { revision: 2, error } }).state, "asking");
});

test("an error of the page is shown, but never instead of an answer", () => {
  const pageError = Object.assign(new Error("No picture."), { kind: "refused" });
  assert.deepEqual(derivePageState({ ...NOTHING, pageError }), { state: "error", words: "No picture." });
  const { state, answer, words } = answered(RESULT, { pageError });
  assert.deepEqual([state, answer, words], ["answered", "8", "No picture."]);
});

test("every share is whole per cent, rounded down", () => {
  const shares = [1, 0.9996, 0.57, 0.005, 0.0001, 0];
  assert.deepEqual(shares.map(percent), ["100%", "99%", "57%", "<1%", "0%", "0%"]);
});
