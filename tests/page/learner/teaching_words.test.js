import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictWords } from "../../../static_client/learner/teaching_words.js";

const job = (state, more = {}) => ({ job: 1, state, progress: 0.5, words: "learning 8 of them", version: null, verdict: {}, ...more });

test("before a teaching the words tell what it is, and how long it takes", () => {
  assert.equal(verdictWords(null).title, "Teach it");
  assert.match(verdictWords(null).text, /about a minute/);
});

test("a job under way tells what is done", () => {
  assert.equal(verdictWords(job("running")).text, "Learning 8 of them …");
  assert.match(verdictWords(job("queued")).text, /waits for its turn/);
});

test("what was promoted is named, with the verdict as a sentence", () => {
  const words = "read 7 of 8 corrections before, 8 now; nothing else got worse";
  assert.deepEqual(verdictWords(job("promoted", { version: "1.0-3", words })), {
    title: "Taught: version 1.0-3",
    text: "Read 7 of 8 corrections before, 8 now; nothing else got worse.",
    rows: [],
  });
});

test("a refusal tells what was learned, and each row that failed", () => {
  const rows = [
    { name: "letters: taken for digits", value: "40 of 2,000, 6 before", bound: "26", passed: false },
    { name: "bytes", value: "1", bound: "2", passed: true },
  ];
  const refused = verdictWords(job("refused", { verdict: { right_before: 2, right_now: 9, rows } }));
  assert.match(refused.text, /stays as it was\. It read 2 of the corrections before, 9 after\./);
  assert.deepEqual(refused.rows, ["letters: taken for digits: 40 of 2,000, 6 before; accepted is 26"]);
});

test("a version that the checks refuse after the gate has no rows, and one without a verdict no counts", () => {
  assert.deepEqual(verdictWords(job("refused")).rows, []);
  assert.doesNotMatch(verdictWords(job("refused")).text, /undefined/);
});

test("every other end has words of its own", () => {
  const texts = ["passed", "failed", "cancelled", "taken back"].map((state) => verdictWords(job(state, { version: "2" })).title);
  assert.deepEqual(texts, ["Learned", "Teaching failed", "Stopped", "Taken back"]);
});
