/**
 * Writes zip files (PKWARE's APPNOTE 6.3.3) without compression: pictures are already compressed, and strokes are
 * small.
 */

import { crc32 } from "../drawing/png.js";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20; // 2.0: the first with folders
const STORED = 0;
const MAX_FILES = 0xffff;
const NAME = /^[\w./-]+$/;

/**
 * @param {{name: string, bytes: Uint8Array}[]} files names in ASCII, with slashes for folders
 * @param {Date} time of every file, from 1980 on, in steps of 2 s
 * @returns {Blob}
 * @throws {RangeError} too many files, or a name outside [A-Za-z0-9_./-]
 */
export function zip(files, time) {
  if (files.length > MAX_FILES) {
    throw new RangeError(`${files.length} files are more than the ${MAX_FILES} that a zip file holds`);
  }
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, bytes } of files) {
    if (!NAME.test(name)) {
      throw new RangeError(`${JSON.stringify(name)} is not a plain name`);
    }
    const letters = new TextEncoder().encode(name);
    const facts = [
      [2, VERSION],
      [2, 0], // flags
      [2, STORED],
      ...dosTime(time),
      [4, crc32(bytes)],
      [4, bytes.length], // stored
      [4, bytes.length], // unpacked
      [2, letters.length],
      [2, 0], // of an extra field
    ];
    const local = [fields([4, LOCAL_HEADER], ...facts), letters, bytes];
    const more = [[2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]; // comment, disk, attributes inside and outside
    directory.push(fields([4, CENTRAL_HEADER], [2, VERSION], ...facts, ...more), letters);
    parts.push(...local);
    offset += sizeOf(local);
  }
  const count = [2, files.length];
  const end = fields([4, END], [2, 0], [2, 0], count, count, [4, sizeOf(directory)], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** @param {...[number, number]} pairs size in bytes, and value @returns {Uint8Array} little-endian */
function fields(...pairs) {
  const bytesOf = ([size, value]) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 0xff);
  return Uint8Array.from(pairs.flatMap(bytesOf));
}

/** @returns {[number, number][]} MS-DOS time and date, as fields */
function dosTime(time) {
  const clock = (time.getHours() << 11) | (time.getMinutes() << 5) | (time.getSeconds() >> 1);
  const day = ((time.getFullYear() - 1980) << 9) | ((time.getMonth() + 1) << 5) | time.getDate();
  return [[2, clock], [2, day]];
}

function sizeOf(parts) {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
