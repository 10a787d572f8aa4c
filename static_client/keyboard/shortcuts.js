/** Which key runs which action; shortcuts_dialog.js lists them. */

/** By `KeyboardEvent.key` in lower case; "ctrl" is Command on a Mac. */
export const SHORTCUTS = {
  "ctrl z": "undo",
  "ctrl shift z": "redo",
  "ctrl y": "redo",
  delete: "clear",
  backspace: "clear",
  e: "erase",
  "[": "thinner",
  "]": "thicker",
  x: "wrong",
  u: "upload",
  r: "sample",
  i: "inside",
  m: "card",
  h: "history",
  "?": "keys",
};

/** localStorage key: "off" where keys without Ctrl do nothing. */
export const SINGLE_KEYS = "digits.single-keys";

export function usesSingleKeys() {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true; // no localStorage
  }
}

/** @param {KeyboardEvent} event @param {boolean} [singleKeys] @returns {string | undefined} the action */
export function actionOf({ key, altKey, ctrlKey, metaKey, shiftKey }, singleKeys = usesSingleKeys()) {
  const mod = ctrlKey || metaKey ? `ctrl ${shiftKey ? "shift " : ""}` : "";
  return !altKey && (mod || singleKeys) ? SHORTCUTS[mod + key.toLowerCase()] : undefined;
}
