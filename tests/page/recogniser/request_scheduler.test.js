import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Drawing } from "../../../static_client/drawing/drawing.js";
import { createRequestScheduler } from "../../../static_client/recogniser/request_scheduler.js";

const PEN = { width: 0.07, erases: false };

/** A scheduler whose requests the test answers by hand. */
function setUp() {
  const drawing = new Drawing();
  const questions = [];
  const outcomes = [];
  const scheduler = createRequestScheduler({
    drawing,
    ask: () => new Promise((answer, fail) => questions.push({ revision: drawing.revision, answer, fail })),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const draw = (x) => {
    drawing.begin({ x, y: 0 }, PEN);
    scheduler.penMoved();
  };
  return { scheduler, draw, drawing, outcomes, questions };
}

const settle = () => new Promise((done) => setImmediate(done));
const trouble = (kind) => Object.assign(new Error(kind), { kind });

test("one request at a time, then the newest drawing", async () => {
  const { scheduler, draw, drawing, questions } = setUp();
  draw(0.1);
  draw(0.2);
  draw(0.3);
  scheduler.penLifted();
  assert.equal(questions.length, 1);
  questions[0].answer({ result: {} });
  await settle();
  assert.deepEqual(questions.map((question) => question.revision), [1, drawing.revision]);
});

test("an answer to a cleared drawing is dropped", async () => {
  const { scheduler, draw, drawing, outcomes, questions } = setUp();
  draw(0.1);
  drawing.clear();
  scheduler.cleared();
  questions[0].answer({ result: {} });
  await settle();
  assert.deepEqual(outcomes, []);
});

test("while the pen moves, requests have a least interval", async (context) => {
  let now_ms = 1000;
  const waits_ms = [];
  mock.method(performance, "now", () => now_ms);
  mock.method(globalThis, "setTimeout", (_, wait_ms) => waits_ms.push(wait_ms));
  context.after(() => mock.restoreAll());
  const { draw, questions } = setUp();
  draw(0.1);
  questions[0].answer({ result: {} });
  await settle();
  now_ms += 30;
  draw(0.2);
  assert.deepEqual([questions.length, waits_ms.at(-1)], [1, 100]);
  now_ms += 100;
  draw(0.3);
  assert.equal(questions.length, 2);
});

for (const [kind, attempts, longest_ms] of [["busy", 5, 3840], ["unreachable", 6, 36000]]) {
  test(`a recogniser that is ${kind} is retried with growing waits, a bounded number of times`, async (context) => {
    let now_ms = 1000;
    mock.method(performance, "now", () => now_ms);
    context.after(() => mock.restoreAll());
    const waits_ms = [];
    mock.method(globalThis, "setTimeout", (again, wait_ms) => {
      waits_ms.push(wait_ms);
      setImmediate(() => {
        now_ms += wait_ms;
        again();
      });
    });
    const { scheduler, draw, outcomes, questions } = setUp();
    draw(0.1);
    scheduler.penLifted();
    for (let asked = 1; asked <= attempts; asked += 1) {
      assert.equal(questions.length, asked);
      questions.at(-1).fail(trouble(kind));
      await settle();
      await settle();
    }
    assert.equal(questions.length, attempts);
    assert.deepEqual(outcomes.map((outcome) => outcome.willRetry), [...Array(attempts - 1).fill(true), false]);
    assert.ok(waits_ms.every((wait_ms, i) => i === 0 || wait_ms > waits_ms[i - 1]), `${waits_ms}`);
    assert.ok(waits_ms.at(-1) <= longest_ms);
  });
}

test("a refusal is not repeated", async () => {
  const { scheduler, draw, outcomes, questions } = setUp();
  draw(0.1);
  scheduler.penLifted();
  questions[0].fail(trouble("refused"));
  await settle();
  assert.equal(questions.length, 1);
  assert.equal(outcomes[0].willRetry, false);
});

for (const [kind, asked] of [["failed", 1], ["unreachable", 1], ["refused", 2]]) {
  test(`after an answer that was ${kind}, a moving pen asks ${asked === 1 ? "nothing before it is lifted" : "on"}`, async (context) => {
    let now_ms = 1000;
    mock.method(performance, "now", () => now_ms);
    mock.method(globalThis, "setTimeout", () => {});
    context.after(() => mock.restoreAll());
    const { scheduler, draw, questions } = setUp();
    draw(0.1);
    questions[0].fail(trouble(kind));
    await settle();
    now_ms += 500;
    draw(0.2);
    assert.equal(questions.length, asked);
    scheduler.penLifted();
    assert.equal(questions.length, 2);
  });
}

test("a retry asked for while a request is pending follows when that fails", async () => {
  const { scheduler, draw, questions } = setUp();
  draw(0.1);
  scheduler.penLifted();
  scheduler.retry();
  assert.equal(questions.length, 1);
  questions[0].fail(trouble("failed"));
  await settle();
  assert.equal(questions.length, 2);
  questions[1].fail(trouble("failed"));
  await settle();
  assert.equal(questions.length, 2);
});
