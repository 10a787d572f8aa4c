/** The drawing surface: turns pointer events into strokes and paints them. Second fingers and palms do not draw. */

import { paint } from "./paint.js";
import { distance } from "./strokes.js";

/** Touches do not draw for this long after a pen was near: they are the hand that holds it. */
const PALM_GUARD_MS = 1000;

/** A cancelled touch shorter than this (pad units) was a palm; a longer one stays. */
const PALM_REACH = 0.1;

const ERASER_FACTOR = 2; // eraser width / pen width
const MAIN_BUTTON = 0;
const ERASER_BUTTON = 5; // the eraser end of a stylus

/** @type {import("../types.js").CreatePad} */
export function createPad(canvas, drawing, { onInk, onLift, isBlank }) {
  const context = canvas.getContext("2d");
  let pointer = null; // {id, type} of the pointer that draws
  let waiting = null; // [point, pen] of a stroke begun beside the pad that has not come onto it
  let penSeen_ms = -Infinity;
  let frame = 0;

  const pad = {
    drawing,
    penWidth: 0, // of the next stroke, in pad units
    erases: false,
    get penIsDown() {
      return pointer !== null;
    },
    /** Ends the current stroke without calling the listeners. */
    release() {
      pointer = waiting = null;
    },
    /** Repaints with the next frame. */
    repaint() {
      frame ||= requestAnimationFrame(paintNow);
    },
  };

  function paintNow() {
    frame = 0;
    paint(context, drawing, getComputedStyle(canvas).color);
  }

  /** Matches the canvas' pixels to the screen's. */
  function fit() {
    const side_px = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== side_px || canvas.height !== side_px) {
      canvas.width = canvas.height = side_px;
      paintNow();
    }
  }

  function begin(event) {
    noticePen(event);
    const { pointerId: id, pointerType: type, button } = event;
    const takesOver = type === "pen" && pointer?.type === "touch";
    const isStroke = button === MAIN_BUTTON || button === ERASER_BUTTON;
    const isPalm = type === "touch" && event.timeStamp - penSeen_ms < PALM_GUARD_MS;
    if (!isStroke || (pointer && !takesOver) || isPalm) {
      return;
    }
    event.preventDefault(); // no text selection, no drag
    const erases = pad.erases || button === ERASER_BUTTON;
    if (erases && drawing.strokes.length === 0) {
      return;
    }
    if (takesOver && !waiting) {
      drawing.dropLast();
    }
    pointer = { id, type };
    try {
      canvas.setPointerCapture(id);
    } catch {
      // The pointer is already gone; its pointerup or pointercancel ends the stroke.
    }
    waiting = [pointOf(event), { width: pad.penWidth * (erases ? ERASER_FACTOR : 1), erases }];
    drawOnceOnPad([waiting[0]]);
  }

  function drawOnceOnPad(points) {
    if (points.some(({ x, y }) => Math.min(x, y) >= 0 && Math.max(x, y) <= 1)) {
      drawing.begin(...waiting);
      waiting = null;
      drawing.extend(points);
      inkChanged();
    }
  }

  function extend(event) {
    const events = event.getCoalescedEvents?.() ?? [];
    const points = (events.length > 0 ? events : [event]).map(pointOf);
    if (waiting) {
      drawOnceOnPad(points);
    } else if (drawing.extend(points)) {
      inkChanged();
    }
  }

  function end() {
    pointer = null;
    if (waiting) {
      waiting = null;
      return;
    }
    if (drawing.strokes.at(-1)?.erases && isBlank(drawing.strokes)) {
      drawing.becomeBlank();
      pad.repaint();
    }
    onLift();
  }

  function cancel({ pointerType }) {
    const { points } = drawing.strokes.at(-1) ?? {};
    if (!waiting && pointerType === "touch" && points.every((point) => distance(points[0], point) < PALM_REACH)) {
      drawing.dropLast();
      inkChanged();
    }
    end();
  }

  function inkChanged() {
    pad.repaint();
    onInk();
  }

  function noticePen({ pointerType, timeStamp }) {
    if (pointerType === "pen") {
      penSeen_ms = timeStamp;
    }
  }

  function pointOf({ clientX, clientY }) {
    const box = canvas.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  }

  const sheet = canvas.parentElement; // reaches a little beyond the pad: a stroke may begin beside it
  const on = (type, handle) => sheet.addEventListener(type, handle);
  const onDrawing = (type, handle) => on(type, (event) => event.pointerId === pointer?.id && handle(event));
  on("pointerdown", begin);
  on("pointermove", noticePen);
  onDrawing("pointermove", extend);
  onDrawing("pointerup", end);
  onDrawing("pointercancel", cancel);
  onDrawing("lostpointercapture", end);
  on("contextmenu", (event) => event.preventDefault()); // a long press draws a dot
  new ResizeObserver(fit).observe(canvas);
  addEventListener("resize", fit); // moved to a screen of another density
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", pad.repaint);
  return pad;
}
