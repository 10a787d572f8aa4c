import assert from "node:assert/strict";
import { test } from "node:test";

import { Drawing } from "../../../static_client/drawing/drawing.js";

const PEN = { width: 0.07, erases: false };
const PICTURE = { bytes: new Uint8Array(1), mediaType: "image/png", image: {}, kind: "picture" };

function drawingOf(strokes) {
  const drawing = new Drawing();
  for (let i = 0; i < strokes; i += 1) {
    drawing.begin({ x: i / 10, y: 0 }, PEN);
    drawing.extend([{ x: i / 10, y: 1 }]);
  }
  return drawing;
}

test("undo and redo go through the strokes one by one", () => {
  const drawing = drawingOf(2);
  const [first, second] = drawing.strokes;
  drawing.undo();
  assert.deepEqual(drawing.strokes, [first]);
  drawing.undo();
  assert.ok(drawing.isEmpty && !drawing.canUndo);
  drawing.undo();
  drawing.redo();
  drawing.redo();
  drawing.redo();
  assert.deepEqual(drawing.strokes, [first, second]);
  assert.ok(!drawing.canRedo);
});

test("a new stroke forgets what was undone", () => {
  const drawing = drawingOf(2);
  drawing.undo();
  drawing.begin({ x: 0.9, y: 0.9 }, PEN);
  assert.ok(!drawing.canRedo);
});

test("clearing can be undone, and clearing nothing is no change", () => {
  const drawing = drawingOf(2);
  drawing.clear();
  const { revision } = drawing;
  drawing.clear();
  assert.equal(drawing.revision, revision);
  drawing.undo();
  assert.equal(drawing.strokes.length, 2);
});

test("a picture takes the strokes' place, a stroke the picture's, and both come back", () => {
  const drawing = drawingOf(1);
  drawing.show(PICTURE);
  assert.deepEqual([drawing.strokes, drawing.picture], [[], PICTURE]);
  drawing.begin({ x: 0.5, y: 0.5 }, PEN);
  assert.equal(drawing.picture, null);
  drawing.undo();
  assert.equal(drawing.picture, PICTURE);
  drawing.undo();
  assert.equal(drawing.strokes.length, 1);
});

test("a palm leaves no trace in the history", () => {
  const drawing = drawingOf(1);
  drawing.begin({ x: 0.5, y: 0.5 }, PEN);
  drawing.dropLast();
  drawing.undo();
  assert.ok(drawing.isEmpty && !drawing.canUndo);
});

test("every change has a revision of its own", () => {
  const drawing = drawingOf(1);
  const seen = new Set([drawing.revision]);
  for (const change of ["undo", "redo", "clear", "undo", "becomeBlank"]) {
    drawing[change]();
    assert.ok(!seen.has(drawing.revision), change);
    seen.add(drawing.revision);
  }
});

test("at most 200 steps can be undone", () => {
  const drawing = drawingOf(300);
  let steps = 0;
  for (; drawing.canUndo; steps += 1) {
    drawing.undo();
  }
  assert.equal(steps, 200);
});
