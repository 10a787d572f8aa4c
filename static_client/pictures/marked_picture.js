/** A picture on the pad with a frame around what was read in it. */

import { picturePainter, placeOnPad } from "./picture_painter.js";

const LINE_SHARE = 1 / 140; // width of the frame's lines, as a share of the pad's side

/**
 * @param {CanvasImageSource & {width: number, height: number}} image as it is sent
 * @param {string} mediaType
 * @param {Uint8Array<ArrayBuffer>} bytes the file that is sent
 * @returns {import("../types.js").Picture}
 */
export function markedPicture(image, mediaType, bytes) {
  const paint = picturePainter(image);
  let ink;
  return {
    kind: "picture",
    mediaType,
    bytes,
    paint(context) {
      paint(context);
      if (ink) {
        mark(context, image, ink);
      }
    },
    answered(result) {
      ink = result?.ink;
    },
    caption: (result) => (result?.ink ? "The frame shows what was read." : ""),
  };
}

function mark(context, image, [x, y, width, height]) {
  const { scale, left, top } = placeOnPad(image, context.canvas.width);
  const line_px = Math.max(1, context.canvas.width * LINE_SHARE);
  context.lineWidth = line_px;
  context.lineJoin = "miter";
  context.globalCompositeOperation = "source-over";
  context.strokeStyle = getComputedStyle(context.canvas).getPropertyValue("--mark");
  context.strokeRect(
    left + x * scale - line_px,
    top + y * scale - line_px,
    width * scale + 2 * line_px,
    height * scale + 2 * line_px,
  );
}
