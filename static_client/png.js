/** Writes 8 bit grey PNG files (W3C PNG, third edition). Nothing else: no colour, no transparency, no reading. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const BIT_DEPTH = 8;
const COLOUR_TYPE_GREY = 0;
const FILTER_NONE = 0;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  }
  return crc;
});

/**
 * @param {ArrayLike<number>} grey side_px * side_px values in [0, 255], row by row, 0 = black
 * @param {number} side_px
 * @returns {Promise<Uint8Array<ArrayBuffer>>} the file
 */
export async function encodeGreyPng(grey, side_px) {
  const rows = new Uint8Array(side_px * (side_px + 1)); // each row begins with the byte that names its filter
  for (let row = 0; row < side_px; row += 1) {
    const start = row * (side_px + 1);
    rows[start] = FILTER_NONE;
    for (let column = 0; column < side_px; column += 1) {
      rows[start + 1 + column] = grey[row * side_px + column];
    }
  }
  const header = [...uint32(side_px), ...uint32(side_px), BIT_DEPTH, COLOUR_TYPE_GREY, 0, 0, 0];
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk("IHDR", header),
    ...chunk("IDAT", await deflate(rows)),
    ...chunk("IEND", []),
  ]);
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Uint8Array>} a zlib stream */
async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, data) {
  const body = [...new TextEncoder().encode(name), ...data];
  return [...uint32(data.length), ...body, ...uint32(crc32(body))];
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function uint32(value) {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
