/** The dialog that lists the keyboard shortcuts and switches single keys off. */

import { element, loadStyle } from "../panels/dom.js";
import { SHORTCUTS, SINGLE_KEYS, usesSingleKeys } from "./shortcuts.js";

/** What each action does, in the dialog's order. */
export const WORDS = {
  undo: "Undo",
  redo: "Redo",
  clear: "Clear",
  erase: "Eraser, and back to the pen",
  thinner: "Thinner pen",
  thicker: "Thicker pen",
  wrong: "Wrong? Say what you drew",
  upload: "Choose a picture (paste or drop one, too)",
  sample: "A digit to try",
  inside: "Look inside",
  card: "The model",
  history: "Corrections",
  keys: "This list",
};

let dialog;

/** @param {import("../types.js").Page} page */
export async function openShortcuts({ loadPart }) {
  await loadPart(loadStyle());
  if (!dialog) {
    dialog = element(
      "dialog",
      { id: "keys", "aria-labelledby": "keys-title" },
      element("h2", { id: "keys-title" }, "Keyboard"),
      element("dl", { class: "keys" }, ...Object.entries(WORDS).filter(isOffered).flatMap(row)),
      choice(),
      element("form", { method: "dialog" }, element("button", { autofocus: true }, "Close")),
    );
    document.body.append(dialog);
  }
  dialog.showModal();
}

function isOffered([action]) {
  return !document.querySelector(`[data-action=${action}][hidden]`);
}

function row([action, words]) {
  const ways = keyCaps(action).map((caps) => element("span", {}, ...caps.map((cap) => element("kbd", {}, cap))));
  return [element("dt", {}, ...ways), element("dd", {}, words)];
}

/** @param {string} action @returns {string[][]} key caps of each shortcut */
export function keyCaps(action) {
  const ways = Object.keys(SHORTCUTS).filter((way) => SHORTCUTS[way] === action);
  return ways.map((way) => way.split(" ").map((key) => key[0].toUpperCase() + key.slice(1)));
}

/** Speech input and tremor can press single keys by accident, so they can be switched off (WCAG 2.1.4). */
function choice() {
  const box = element("input", {
    type: "checkbox",
    checked: usesSingleKeys(),
    onchange: (event) => useSingleKeys(event.target.checked),
  });
  return element("label", { class: "choice" }, box, "Single-key shortcuts");
}

/** @param {boolean} used whether keys without Ctrl work */
function useSingleKeys(used) {
  try {
    localStorage.setItem(SINGLE_KEYS, used ? "on" : "off");
  } catch {
    // No localStorage: the choice cannot be kept.
  }
}
