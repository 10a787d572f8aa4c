/**
 * What is on the pad - strokes, or a picture instead of them - and how it came to be: every change can be undone and
 * done again. Knows nothing of pixels, of the DOM or of the server.
 */

import { lengthen } from "./strokes.js";

/** Changes that can be undone; older ones are forgotten. */
const MOST_STEPS = 200;

/**
 * @typedef {object} Picture a photograph, a file or a test digit, in the place of strokes
 * @property {Uint8Array<ArrayBuffer>} bytes the file that is sent
 * @property {string} mediaType of the bytes
 * @property {CanvasImageSource & {width: number, height: number}} image what the pad shows
 * @property {boolean} [isInk] whether the image is ink on nothing, to be shown in the pad's own colours
 * @property {"picture" | "sample"} kind
 * @property {string} [label] what the picture shows, where that is known
 */

/** `revision` counts every change, so that an answer can be told from an outdated one. */
export class Drawing {
  /** @type {import("./strokes.js").Stroke[]} */
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

  /**
   * A new stroke; a picture makes way for it.
   * @param {import("./strokes.js").Point} point where the pen comes down
   * @param {import("./strokes.js").Pen} pen
   */
  begin(point, { width, erases }) {
    this.#change([...this.strokes, { width, erases, points: [point] }], null);
  }

  /**
   * Lengthen the last stroke.
   * @param {import("./strokes.js").Point[]} points in the order they were drawn
   * @returns {boolean} whether the drawing has changed
   */
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
