/** Opens a picture file of any size and shrinks it to what is sent. */

import { RecogniserError } from "../recogniser/errors.js";
import { markedPicture } from "./marked_picture.js";

/** Longest side of a sent picture: a digit of a fiftieth of a photograph is still large enough to read. */
const MAX_SIDE_PX = 1600;

/** Largest sent picture. */
const MAX_BYTES = 2 ** 20;

/** A file within both is sent as it is; of larger ones only the pixels are, without place, time and camera. */
const SMALL = { side_px: 280, bytes: 65536 };

/** Largest file that is opened: ten times a phone's photograph. */
const MAX_FILE_BYTES = 64 * 2 ** 20;

const MAX_NAME_LENGTH = 24; // of a file, in a message; there is no room for more

const SCALES = [1, 0.7, 0.5, 0.35, 0.25]; // of MAX_SIDE_PX; the last makes 400 px, under MAX_BYTES in any format
const SENT_AS_THEY_ARE = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
const QUALITY = 0.9;

/**
 * @param {File} file
 * @returns {Promise<import("../types.js").Picture>} upright; transparency is kept
 * @throws {RecogniserError} kind "refused": this browser cannot open the file, or it is too large
 */
export async function readPictureFile(file) {
  const image = await open(file);
  const isSmall = file.size <= SMALL.bytes && Math.max(image.width, image.height) <= SMALL.side_px;
  if (isSmall && SENT_AS_THEY_ARE.includes(file.type)) {
    return markedPicture(image, file.type, await bytesOf(file));
  }
  for (const scale of SCALES) {
    const shrunk = shrink(image, MAX_SIDE_PX * scale);
    // Browsers that cannot write WebP write PNG instead; both keep transparency.
    const blob = await shrunk.convertToBlob({ type: "image/webp", quality: QUALITY });
    if (blob.size <= MAX_BYTES) {
      return markedPicture(shrunk, blob.type, await bytesOf(blob));
    }
  }
  throw refused(file, "cannot be made small enough to send.");
}

async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

async function open(file) {
  if (file.size === 0) {
    throw refused(file, "is empty.");
  }
  if (file.size > MAX_FILE_BYTES) {
    const size_mb = Math.round(file.size / 1e6);
    throw refused(file, `has ${size_mb} MB; at most ${Math.floor(MAX_FILE_BYTES / 1e6)} MB are opened.`);
  }
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (cause) {
    throw refused(file, "can’t be opened as an image.", cause);
  }
}

/** @returns {OffscreenCanvas} longer side at most side_px */
function shrink(image, side_px) {
  const scale = Math.min(1, side_px / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((length) => Math.max(1, Math.round(length * scale)));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return canvas;
}

function refused({ name }, words, cause) {
  const short = name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH - 1)}…` : name;
  return new RecogniserError("refused", `${name ? `“${short}”` : "This"} ${words}`, { cause });
}
