import assert from "node:assert/strict";
import { test } from "node:test";

import { SHORTCUTS, actionOf } from "../../../static_client/keyboard/shortcuts.js";
import { WORDS, keyCaps } from "../../../static_client/keyboard/shortcuts_dialog.js";

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
});

test("single keys can be switched off", () => {
  assert.equal(actionOf(press("e"), false), undefined);
  assert.equal(actionOf(press("z", { ctrlKey: true }), false), "undo");
});

test("the list has every action's keys, as on a keyboard", () => {
  assert.deepEqual(keyCaps("redo"), [["Ctrl", "Shift", "Z"], ["Ctrl", "Y"]]);
  assert.deepEqual(keyCaps("clear"), [["Delete"], ["Backspace"]]);
  assert.deepEqual(keyCaps("thinner"), [["["]]);
  assert.deepEqual(new Set(Object.keys(WORDS)), new Set(Object.values(SHORTCUTS)));
});
