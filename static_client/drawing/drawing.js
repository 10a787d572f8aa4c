/** What is on the pad - strokes, or a picture instead - and how it came to be: every change can be undone and redone. */

import { lengthen } from "./strokes.js";

/** @import { Pen, Picture, Point, Stroke } from "../types.js" */

const MOST_STEPS = 200; // that can be undone

/** `revision` counts every change, so that an answer can be told from an outdated one. */
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

  /** A new stroke; a picture makes way for it. @param {Point} point @param {Pen} pen */
  begin(point, { width, erases }) {
    this.#change([...this.strokes, { width, erases, points: [point] }], null);
  }

  /** Lengthen the last stroke. @param {Point[]} points @returns {boolean} whether the drawing has changed */
  extend(points) {
    const changed = lengthen(this.strokes.at(-1).points, points);
    this.revision += changed ? 1 : 0;
    return changed;
  }

  /** Take the last stroke away as if it had never been: it was a palm, not a pen. */
  dropLast() {
    this.#restore(this.#past.pop());
  }

  /** The last stroke has rubbed out all there was. */
  becomeBlank() {
    this.#restore({ strokes: [], picture: null });
  }

  /** @param {Picture} picture takes the place of all there is */
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
    this.#past = [...this.#past.slice(1 - MOST_STEPS), this.#state];
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
