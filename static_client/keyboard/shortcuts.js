/** Which key asks for which action; keys.js says it in words. */

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

/** Where the browser remembers that keys without Ctrl do nothing: some people's hands or voices set them off unasked. */
export const SINGLE_KEYS = "digits.single-keys";

export function usesSingleKeys() {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true; // this browser remembers nothing
  }
}

/** @param {KeyboardEvent} event @param {boolean} [singleKeys] @returns {string | undefined} the action it asks for */
export function actionOf({ key, altKey, ctrlKey, metaKey, shiftKey }, singleKeys = usesSingleKeys()) {
  const mod = ctrlKey || metaKey ? `ctrl ${shiftKey ? "shift " : ""}` : "";
  return !altKey && (mod || singleKeys) ? SHORTCUTS[mod + key.toLowerCase()] : undefined;
}
