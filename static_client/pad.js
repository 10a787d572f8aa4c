/**
 * The drawing surface: pointer events in, strokes out, ink on the canvas. One pointer draws at a time; a second finger
 * and a resting palm do not. Says that the drawing has changed and leaves the rest to its listeners.
 */

import { paint } from "./paint.js";
import { isBlank } from "./raster.js";
import { PEN_WIDTHS, bounds } from "./strokes.js";

/** After a pen was near, fingers do not draw for so long: they are the hand that holds it. */
const PALM_GUARD_MS = 1000;

/** A touch that the system takes back before it went so far (pad units) was a palm; a longer one stays as it is. */
const PALM_EXTENT = 0.1;

/** An eraser is this many times as wide as the pen. */
const ERASER_FACTOR = 2;

const MAIN_BUTTON = 0;
const ERASER_BUTTON = 5; // the other end of a stylus, as Pointer Events number it

export class Pad {
  /** Of the next stroke, in pad units. */
  penWidth = PEN_WIDTHS.usual;
  erases = false;
  #pointer = null; // {id, type} of the pointer that draws
  #penSeen_ms = -Infinity;
  #frame = 0;

  /**
   * @param {HTMLCanvasElement} canvas square; its CSS `color` is the ink's
   * @param {import("./drawing.js").Drawing} drawing
   * @param {{onInk: () => void, onLift: () => void}} listeners onInk: the drawing has changed under the pen;
   *   onLift: the pen has gone up
   */
  constructor(canvas, drawing, { onInk, onLift }) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.drawing = drawing;
    this.onInk = onInk;
    this.onLift = onLift;
    this.#listen();
  }

  get penIsDown() {
    return this.#pointer !== null;
  }

  /** A stroke under way ends where it is, without a word to the listeners. */
  release() {
    this.#pointer = null;
  }

  /** Paint the drawing anew with the next frame. */
  repaint() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    paint(this.context, this.drawing, getComputedStyle(this.canvas).color);
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#extend(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("lostpointercapture", (event) => this.#end(event));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press draws a dot
    new ResizeObserver(() => this.#fit()).observe(canvas);
    addEventListener("resize", () => this.#fit()); // moved to a screen of another density
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  /** Give the canvas as many pixels as the screen has for it. */
  #fit() {
    const side_px = Math.max(1, Math.round(this.canvas.clientWidth * devicePixelRatio));
    if (this.canvas.width !== side_px || this.canvas.height !== side_px) {
      this.canvas.width = side_px;
      this.canvas.height = side_px;
      this.#paint();
    }
  }

  #begin(event) {
    this.#noticePen(event);
    const takesOver = event.pointerType === "pen" && this.#pointer?.type === "touch";
    const isStroke = event.button === MAIN_BUTTON || event.button === ERASER_BUTTON;
    if (!isStroke || (this.penIsDown && !takesOver) || this.#isPalm(event)) {
      return;
    }
    event.preventDefault(); // no text selection, no drag
    const erases = this.erases || event.button === ERASER_BUTTON;
    if (erases && this.drawing.strokes.length === 0) {
      return;
    }
    if (takesOver) {
      this.drawing.dropLast();
    }
    this.#pointer = { id: event.pointerId, type: event.pointerType };
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already; its pointerup or pointercancel still ends the stroke.
    }
    this.drawing.begin(this.#pointOf(event), { width: this.penWidth * (erases ? ERASER_FACTOR : 1), erases });
    this.#inkChanged();
  }

  #extend(event) {
    this.#noticePen(event);
    if (event.pointerId !== this.#pointer?.id) {
      return;
    }
    const events = event.getCoalescedEvents?.() ?? [];
    const points = (events.length > 0 ? events : [event]).map((each) => this.#pointOf(each));
    if (this.drawing.extend(points)) {
      this.#inkChanged();
    }
  }

  #end(event) {
    if (event.pointerId !== this.#pointer?.id) {
      return;
    }
    this.#pointer = null;
    if (this.drawing.strokes.at(-1)?.erases && isBlank(this.drawing.strokes)) {
      this.drawing.becomeBlank();
      this.repaint();
    }
    this.onLift();
  }

  #cancel(event) {
    if (event.pointerId !== this.#pointer?.id) {
      return;
    }
    const box = bounds(this.drawing.strokes.slice(-1));
    const extent = Math.max(box.right - box.left, box.bottom - box.top);
    if (event.pointerType === "touch" && extent < PALM_EXTENT) {
      this.drawing.dropLast();
      this.#inkChanged();
    }
    this.#end(event);
  }

  #inkChanged() {
    this.repaint();
    this.onInk();
  }

  #noticePen(event) {
    if (event.pointerType === "pen") {
      this.#penSeen_ms = event.timeStamp;
    }
  }

  #isPalm(event) {
    return event.pointerType === "touch" && event.timeStamp - this.#penSeen_ms < PALM_GUARD_MS;
  }

  /** @returns {import("./strokes.js").Point} */
  #pointOf(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  }
}
