/** Paints a picture on the pad: whole, centred, as large as fits. */

/** Up to this longest side, pixels are shown sharp. */
const SMALL_PX = 64;

/**
 * @param {CanvasImageSource & {width: number, height: number}} image
 * @returns {import("../types.js").Picture["paint"]} paints the image in its own colours
 */
export function picturePainter(image) {
  return (context) => {
    const { scale, left, top } = placeOnPad(image, context.canvas.width);
    context.imageSmoothingEnabled = Math.max(image.width, image.height) > SMALL_PX;
    context.drawImage(image, left, top, image.width * scale, image.height * scale);
  };
}

/**
 * @param {{width: number, height: number}} image
 * @param {number} side_px of the pad
 * @returns {{scale: number, left: number, top: number}} pad pixels in one of the image, and where its corner lies
 */
export function placeOnPad({ width, height }, side_px) {
  const scale = side_px / Math.max(width, height);
  return { scale, left: (side_px - width * scale) / 2, top: (side_px - height * scale) / 2 };
}

/**
 * @param {CanvasImageSource & {width: number, height: number}} image ink on transparent paper
 * @returns {import("../types.js").Picture["paint"]} paints the image in the pad's ink colour
 */
export function inkPainter(image) {
  const paint = picturePainter(image);
  return (context, colour) => {
    paint(context);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, context.canvas.width, context.canvas.width);
    context.globalCompositeOperation = "source-over";
  };
}
