/** The strokes or the picture on the pad, with undo and redo. */

import { lengthen } from "./strokes.js";

/** @import { Pen, Picture, Point, Stroke } from "../types.js" */

const MAX_UNDO_STEPS = 200;

/** `revision` grows with every change: an answer to an older revision is outdated. */
export class Drawing {
  /** @type {Stroke[]} */
  strokes = [];
  /** @type {Picture | null} */
  picture = null;
  revision = 0;
  #past = [];
  #future = [];

  get isEmpty() {
    return this.strokes.length === 0 && this.picture === null;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Replaces a picture. @param {Point} point @param {Pen} pen */
  begin(point, { width, erases }) {
    this.#change([...this.strokes, { width, erases, points: [point] }], null);
  }

  /** Lengthens the last stroke. @param {Point[]} points @returns {boolean} whether the drawing has changed */
  extend(points) {
    const changed = lengthen(this.strokes.at(-1).points, points);
    this.revision += changed ? 1 : 0;
    return changed;
  }

  /** Removes the last stroke and its undo step: it was a palm. */
  dropLast() {
    this.#restore(this.#past.pop());
  }

  /** Empties the drawing: the last stroke has erased everything. */
  becomeBlank() {
    this.#restore({ strokes: [], picture: null });
  }

  /** @param {Picture} picture replaces everything */
  show(picture) {
    this.#change([], picture);
  }

  clear() {
    if (!this.isEmpty) {
      this.#change([], null);
    }
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  #change(strokes, picture) {
    this.#past = [...this.#past.slice(1 - MAX_UNDO_STEPS), this.#state];
    this.#future = [];
    this.#restore({ strokes, picture });
  }

  #step(from, to) {
    if (from.length > 0) {
      to.push(this.#state);
      this.#restore(from.pop());
    }
  }

  get #state() {
    return { strokes: this.strokes, picture: this.picture };
  }

  #restore({ strokes, picture }) {
    this.strokes = strokes;
    this.picture = picture;
    this.revision += 1;
  }
}
