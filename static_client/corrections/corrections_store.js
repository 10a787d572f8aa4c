/**
 * What the recogniser got wrong, kept in this browser (IndexedDB) until it is exported or deleted.
 *
 * @typedef {object} Correction
 * @property {number} [id] given when it is kept first; kept again under it, it takes the place of the older one
 * @property {string} time ISO 8601
 * @property {"drawing" | "picture" | "sample"} kind
 * @property {import("../types.js").Stroke[]} strokes none for pictures
 * @property {Uint8Array<ArrayBuffer>} picture the file that was sent
 * @property {string} mediaType of the picture
 * @property {import("../types.js").Result} answer
 * @property {string} correction what it was: "0" to "9", or "none" for no digit
 */

import { RecogniserError } from "../recogniser/errors.js";

const DATABASE = "digits";
const STORE = "corrections";
const EXTENSIONS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif", "image/bmp": "bmp" };

/** Dispatches "change" whenever what is kept has changed. */
export const changes = new EventTarget();

/** @param {Correction} correction @returns {Promise<number>} its id @throws {RecogniserError} it cannot be kept */
export async function keep(correction) {
  const id = await withStore("readwrite", (store) => store.put(correction));
  changes.dispatchEvent(new Event("change"));
  return id;
}

/** @returns {Promise<Required<Correction>[]>} the newest first @throws {RecogniserError} */
export async function readAll() {
  return (await withStore("readonly", (store) => store.getAll())).reverse();
}

/** @param {number} id */
export async function remove(id) {
  await withStore("readwrite", (store) => store.delete(id));
  changes.dispatchEvent(new Event("change"));
}

export async function removeAll() {
  await withStore("readwrite", (store) => store.clear());
  changes.dispatchEvent(new Event("change"));
}

/**
 * The files of an export; `model/data/corrections.py` reads them.
 * @param {Required<Correction>[]} corrections
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

/** @param {"readonly" | "readwrite"} mode @param {(store: IDBObjectStore) => IDBRequest} use @returns {Promise<any>} */
async function withStore(mode, use) {
  let database;
  try {
    database = await open();
    const transaction = database.transaction(STORE, mode);
    const request = use(transaction.objectStore(STORE));
    await new Promise((done, fail) => {
      transaction.oncomplete = done;
      transaction.onabort = () => fail(transaction.error);
    });
    return request.result;
  } catch (cause) {
    const reason = cause?.name === "QuotaExceededError" ? "its room is used up" : "private windows often do not";
    throw new RecogniserError("refused", `This browser does not let the page keep corrections: ${reason}.`, { cause });
  } finally {
    database?.close();
  }
}

function open() {
  return new Promise((done, fail) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}
