import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "../../../static_client/recogniser/config.js";

const PAGE = new URL("https://digits.example/page/");
const NO_OVERRIDES = { endpoint: null, model: null, token: null };
const FILE = { endpoint: "http://127.0.0.1:8080/", model: "mnist", token: "of-the-file" };

const parse = (file, overrides = {}) => parseConfig(file, { ...NO_OVERRIDES, ...overrides }, PAGE);

test("the file is enough", () => {
  assert.deepEqual(parse(FILE), { endpoint: "http://127.0.0.1:8080", model: "mnist", token: "of-the-file", labels: undefined, samples: undefined, learner: undefined });
  assert.equal(parse({ ...FILE, token: undefined }).token, undefined);
  assert.equal(parse({ ...FILE, token: "" }).token, undefined);
});

test("a relative endpoint is relative to the page", () => {
  assert.equal(parse({ ...FILE, endpoint: "../api/" }).endpoint, "https://digits.example/api");
});

test("the query string overrides the file", () => {
  assert.deepEqual(parse(FILE, { model: "mnist/2.0", token: "mine" }), {
    endpoint: "http://127.0.0.1:8080",
    model: "mnist/2.0",
    token: "mine",
    labels: undefined,
    samples: undefined,
    learner: undefined,
  });
});

test("the file's token goes to the file's endpoint only", () => {
  assert.equal(parse(FILE, { endpoint: "https://elsewhere.example" }).token, undefined);
  assert.equal(parse(FILE, { endpoint: "https://elsewhere.example", token: "mine" }).token, "mine");
});

test("the file's labels are of the file's model", () => {
  const file = { ...FILE, labels: ["A", "B"] };
  assert.deepEqual(parse(file).labels, ["A", "B"]);
  assert.equal(parse(file, { model: "other" }).labels, undefined);
});

const WRONG = [
  [{ ...FILE, endpoint: "ftp://digits.example" }, /not an http address/],
  [{ ...FILE, endpoint: 7 }, /not an http address/],
  [{ ...FILE, model: "" }, /not a name/],
  [{ ...FILE, model: ["mnist"] }, /not a name/],
  [{ ...FILE, token: 7 }, /token is not valid/],
  [{ ...FILE, token: "two\nlines" }, /token is not valid/],
  [null, /not an http address/],
];

for (const [file, message] of WRONG) {
  test(`${JSON.stringify(file)} is refused`, () => {
    assert.throws(() => parse(file), { kind: "configuration", message });
  });
}

test("a learner is that of the file's recogniser alone", () => {
  const file = { ...FILE, learner: { endpoint: "learner", token: "of-the-learner" } };
  assert.deepEqual(parse(file).learner, file.learner);
  assert.equal(parse(file, { endpoint: "https://elsewhere.example" }).learner, undefined);
  assert.equal(parse(file, { model: "other" }).learner, undefined);
});
