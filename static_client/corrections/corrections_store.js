/**
 * Keeps corrections of wrong answers in this browser (IndexedDB).
 *
 * @typedef {object} Correction
 * @property {number} [id] set when it is kept; a correction with the same id replaces it
 * @property {string} time ISO 8601
 * @property {"drawing" | "picture" | "sample"} kind
 * @property {import("../types.js").Stroke[]} strokes empty for pictures
 * @property {Uint8Array<ArrayBuffer>} picture the file that was sent
 * @property {string} mediaType of the picture
 * @property {import("../types.js").Result} answer
 * @property {string} correction a label, or "none" of them
 * @property {"learner"} [destination] it was made where a learner is, and goes there
 * @property {string} [accepted] its id there
 * @property {string} [refused] why the learner does not take it
 */

import { RecogniserError } from "../recogniser/errors.js";

const DATABASE = "digits";
const STORE = "corrections";

/** Dispatches "change" after every change of the store. */
export const changes = new EventTarget();

/** @param {Correction} correction @returns {Promise<number>} its id @throws {RecogniserError} */
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
    const reason = cause?.name === "QuotaExceededError" ? "its storage is full" : "private windows often forbid it";
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
