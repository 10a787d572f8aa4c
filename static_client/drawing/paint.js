/** Paints a drawing on a canvas, with the lines and the order of the picture that is sent. */

import { smooth } from "./strokes.js";

const DOT_PX = 0.01;

/**
 * @param {CanvasRenderingContext2D} context of a square canvas; cleared first
 * @param {Pick<import("./drawing.js").Drawing, "strokes" | "picture">} drawing
 * @param {string} colour of the ink
 */
export function paint(context, { strokes, picture }, colour) {
  const side_px = context.canvas.width;
  context.clearRect(0, 0, side_px, side_px);
  picture?.paint(context, colour);
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = colour;
  for (const { points, width, erases } of strokes) {
    context.globalCompositeOperation = erases ? "destination-out" : "source-over";
    context.lineWidth = width * side_px;
    context.beginPath();
    // Canvases paint nothing for a line of length 0: start a dot slightly aside.
    context.moveTo(points[0].x * side_px - DOT_PX, points[0].y * side_px);
    for (const { x, y } of smooth(points)) {
      context.lineTo(x * side_px, y * side_px);
    }
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}
