import assert from "node:assert/strict";
import { test } from "node:test";

import { SHORTCUTS, actionOf, keyCaps } from "../../static_client/shortcuts.js";

const press = (key, more = {}) => ({ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more });

test("keys find their actions", () => {
  assert.equal(actionOf(press("z", { ctrlKey: true }), true), "undo");
  assert.equal(actionOf(press("z", { metaKey: true }), true), "undo");
  assert.equal(actionOf(press("Z", { ctrlKey: true, shiftKey: true }), true), "redo");
  assert.equal(actionOf(press("y", { ctrlKey: true }), true), "redo");
  assert.equal(actionOf(press("Delete"), true), "clear");
  assert.equal(actionOf(press("?", { shiftKey: true }), true), "keys");
  assert.equal(actionOf(press("E"), true), "erase");
});

test("other keys are left to the browser", () => {
  assert.equal(actionOf(press("e", { ctrlKey: true }), true), undefined);
  assert.equal(actionOf(press("z"), true), undefined);
  assert.equal(actionOf(press("e", { altKey: true }), true), undefined);
  assert.equal(actionOf(press("e", { target: { closest: () => ({}) } }), true), undefined, "somebody is writing");
});

test("single keys can be switched off", () => {
  assert.equal(actionOf(press("e"), false), undefined);
  assert.equal(actionOf(press("z", { ctrlKey: true }), false), "undo");
});

test("no key has two meanings", () => {
  const ways = SHORTCUTS.flatMap(({ keys, mod, shift }) => keys.map((key) => `${mod} ${shift} ${key}`));
  assert.equal(new Set(ways).size, ways.length);
});

test("key caps read as on a keyboard", () => {
  assert.deepEqual(keyCaps({ keys: ["z"], mod: true, shift: true }), [["Ctrl", "Shift", "Z"]]);
  assert.deepEqual(keyCaps({ keys: ["delete", "["] }), [["Delete"], ["["]]);
});
