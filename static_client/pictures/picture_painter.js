/** Paints a picture on the pad: whole, centred, as large as fits. */

/** Up to this longest side, pixels are shown sharp. */
const SMALL_PX = 64;

/**
 * @param {CanvasImageSource & {width: number, height: number}} image
 * @returns {import("../types.js").Picture["paint"]} paints the image in its own colours
 */
export function picturePainter(image) {
  return (context) => {
    const side_px = context.canvas.width;
    const longest = Math.max(image.width, image.height);
    const [width, height] = [image.width, image.height].map((length) => (length * side_px) / longest);
    context.imageSmoothingEnabled = longest > SMALL_PX;
    context.drawImage(image, (side_px - width) / 2, (side_px - height) / 2, width, height);
  };
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
