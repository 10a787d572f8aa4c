/** The files of an export of corrections. `model/data/corrections.py` reads them. */

const EXTENSIONS = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/bmp": "bmp",
};

/**
 * @param {Required<import("./corrections_store.js").Correction>[]} corrections
 * @param {string} time of the export, ISO 8601
 * @returns {{name: string, bytes: Uint8Array}[]} the index first
 */
export function exportFiles(corrections, time) {
  const entries = corrections.map(({ id, picture, mediaType, ...facts }) => ({
    ...facts,
    id,
    picture: `pictures/${String(id).padStart(6, "0")}.${EXTENSIONS[mediaType]}`,
  }));
  const index = JSON.stringify({ format: 1, exported: time, corrections: entries }, null, 1);
  return [
    { name: "corrections.json", bytes: new TextEncoder().encode(index) },
    ...corrections.map(({ picture }, i) => ({ name: entries[i].picture, bytes: picture })),
  ];
}
