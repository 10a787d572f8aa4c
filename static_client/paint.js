/** Paints a drawing on a canvas, as it will be sent: the same lines, the same order. */

import { smooth } from "./strokes.js";

/** A picture smaller than this, in its own pixels, is shown with its pixels sharp. */
const SMALL_PX = 64;

const DOT_PX = 0.01;

/**
 * @param {CanvasRenderingContext2D} context of a square canvas, which is wiped first
 * @param {{strokes: import("./strokes.js").Stroke[], picture: import("./drawing.js").Picture | null}} drawing
 * @param {string} colour of the ink
 */
export function paint(context, { strokes, picture }, colour) {
  const side_px = context.canvas.width;
  context.clearRect(0, 0, side_px, side_px);
  if (picture) {
    paintPicture(context, picture, colour);
  }
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = colour;
  for (const { points, width, erases } of strokes) {
    context.globalCompositeOperation = erases ? "destination-out" : "source-over";
    context.lineWidth = width * side_px;
    context.beginPath();
    // A hair aside, so that a dot is a line too: of one without any length canvases paint nothing.
    context.moveTo(points[0].x * side_px - DOT_PX, points[0].y * side_px);
    for (const { x, y } of smooth(points)) {
      context.lineTo(x * side_px, y * side_px);
    }
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

/** The whole picture, as large as the pad has room for. */
function paintPicture(context, { image, isInk }, colour) {
  const side_px = context.canvas.width;
  const scale = side_px / Math.max(image.width, image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  context.imageSmoothingEnabled = Math.max(image.width, image.height) > SMALL_PX;
  context.drawImage(image, (side_px - width) / 2, (side_px - height) / 2, width, height);
  if (isInk) {
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, side_px, side_px);
    context.globalCompositeOperation = "source-over";
  }
}
