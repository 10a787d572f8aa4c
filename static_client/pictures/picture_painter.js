/** Shows a picture on the pad: whole, and as large as the pad has room for. */

/** A picture smaller than this, in its own pixels, is shown with its pixels sharp. */
const SMALL_PX = 64;

/**
 * @param {CanvasImageSource & {width: number, height: number}} image
 * @returns {import("../types.js").Picture["paint"]} paints it as it is
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
 * @param {CanvasImageSource & {width: number, height: number}} image ink on nothing
 * @returns {import("../types.js").Picture["paint"]} paints it in the pad's own ink
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
