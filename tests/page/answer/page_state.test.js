import assert from "node:assert/strict";
import { test } from "node:test";

import { derivePageState, percent, wholePercent } from "../../../static_client/answer/page_state.js";

const RESULT = { label: "8", confidence: 0.97, recognised: true, probabilities: { 8: 0.97, 3: 0.02, 5: 0.01 } };
const NOTHING = { subject: "digit", drawing: { isEmpty: true, revision: 0 }, penIsDown: false, outcome: null, retryRequested: false, configError: null, pageError: null };
const DRAWN = { ...NOTHING, drawing: { isEmpty: false, revision: 3 } };
const answered = (result, more) => derivePageState({ ...DRAWN, outcome: { revision: 3, result }, ...more });
const failed = (kind, more) => derivePageState({ ...DRAWN, outcome: { revision: 3, error: Object.assign(new Error("Why."), { kind }), ...more } });

test("an empty pad is idle", () => {
  assert.deepEqual(derivePageState(NOTHING), { state: "idle", words: "" });
});

test("a sure answer needs no words", () => {
  assert.deepEqual(answered(RESULT), { state: "answered", result: RESULT, words: "" });
});

test("what is no digit is shown as unsure", () => {
  const { state, words } = answered({ ...RESULT, recognised: false });
  assert.deepEqual([state, words], ["unsure", "Probably not a digit. Best guess: 8."]);
});

test("a low confidence names the two likeliest digits", () => {
  const { state, words } = answered({ ...RESULT, confidence: 0.45, probabilities: { 8: 0.45, 3: 0.4, 5: 0.15 } });
  assert.deepEqual([state, words], ["unsure", "Not sure: 8 or 3?"]);
});

test("an unfinished stroke shows no doubt", () => {
  assert.equal(answered({ ...RESULT, recognised: false }, { penIsDown: true }).words, "");
});

test("the previous answer stays until the next comes", () => {
  const view = derivePageState({ ...DRAWN, outcome: { revision: 2, result: RESULT } });
  assert.deepEqual([view.state, view.result], ["asking", RESULT]);
});

test("errors say whether the page retries by itself, and whether a person can", () => {
  assert.deepEqual(failed("unreachable", { willRetry: true }), { state: "error", words: "Why. Trying again…", canRetry: true });
  assert.deepEqual(failed("unreachable"), { state: "error", words: "Why.", canRetry: true });
  assert.deepEqual(failed("busy", { willRetry: true }), { state: "error", words: "The server is busy. Trying again…", canRetry: false });
  assert.deepEqual(failed("refused"), { state: "error", words: "Why." });
  assert.equal(failed(undefined).words, "The page has failed: Why.");
});

test("an error of the page is shown, with or without a drawing", () => {
  const pageError = Object.assign(new Error("No picture."), { kind: "refused" });
  assert.equal(derivePageState({ ...NOTHING, pageError }).words, "No picture.");
  assert.equal(answered(RESULT, { pageError }).state, "error");
});

test("percentages are rounded down", () => {
  assert.deepEqual([1, 0.9996, 0.57, 0].map(percent), ["100.0%", "99.9%", "57.0%", "0.0%"]);
  assert.deepEqual([1, 0.996, 0.99, 0.57, 0.005, 0.0001].map(wholePercent), ["100%", ">99%", "99%", "57%", "<1%", "0%"]);
});
