/** Writes 8-bit grey PNG files (W3C PNG, third edition). */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const GREY = [8, 0, 0, 0, 0]; // bits, colour type, compression, filters, interlacing

/**
 * @param {ArrayLike<number>} grey side_px * side_px values in [0, 255], row by row, 0 = black
 * @param {number} side_px
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the file
 */
export async function encodeGreyPng(grey, side_px) {
  const rows = new Uint8Array(side_px * (side_px + 1)); // each row begins with its filter type: 0, none
  for (let row = 0; row < side_px; row += 1) {
    for (let column = 0; column < side_px; column += 1) {
      rows[row * (side_px + 1) + 1 + column] = grey[row * side_px + column];
    }
  }
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk("IHDR", [...uint32(side_px), ...uint32(side_px), ...GREY]),
    ...chunk("IDAT", await deflate(rows)),
    ...chunk("IEND", []),
  ]);
}

/** @returns {Promise<Uint8Array>} a zlib stream */
async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, data) {
  const body = [...new TextEncoder().encode(name), ...data];
  return [...uint32(data.length), ...body, ...uint32(crc32(body))];
}

function uint32(value) {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** The checksum of PNG and zip files (ISO 3309). @param {Iterable<number>} bytes @returns {number} unsigned, 32 bits */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}
