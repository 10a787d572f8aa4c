/** The keyboard's way to every action: which key does what. Pure; app.js listens, keys.js shows the list. */

/**
 * `keys` as `KeyboardEvent.key` has them, in lower case; `mod` is Ctrl, or Command on a Mac.
 * @type {{action: string, keys: string[], mod?: boolean, shift?: boolean, words: string}[]}
 */
export const SHORTCUTS = [
  { action: "undo", keys: ["z"], mod: true, words: "Undo" },
  { action: "redo", keys: ["z"], mod: true, shift: true, words: "Redo" },
  { action: "redo", keys: ["y"], mod: true, words: "Redo" },
  { action: "clear", keys: ["delete", "backspace"], words: "Clear" },
  { action: "erase", keys: ["e"], words: "Eraser, and back to the pen" },
  { action: "thinner", keys: ["["], words: "Thinner pen" },
  { action: "thicker", keys: ["]"], words: "Thicker pen" },
  { action: "wrong", keys: ["x"], words: "That’s wrong: it was another digit" },
  { action: "upload", keys: ["u"], words: "Choose a picture (paste or drop one, too)" },
  { action: "sample", keys: ["r"], words: "A random test digit" },
  { action: "inside", keys: ["i"], words: "Look inside" },
  { action: "card", keys: ["m"], words: "The model" },
  { action: "history", keys: ["h"], words: "Corrections" },
  { action: "keys", keys: ["?"], words: "This list" },
];

const WRITING = "input:not([type=range], [type=checkbox], [type=file]), textarea, select, [contenteditable]";

/**
 * @param {KeyboardEvent} event
 * @param {boolean} singleKeys whether keys without Ctrl count; some people's hands or voices would set them off unasked
 * @returns {string | undefined} the action it asks for
 */
export function actionOf(event, singleKeys) {
  if (event.altKey || event.isComposing || event.target?.closest?.(WRITING)) {
    return undefined;
  }
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const found = SHORTCUTS.find(
    (each) =>
      each.keys.includes(key) &&
      Boolean(each.mod) === mod &&
      (!each.mod || Boolean(each.shift) === event.shiftKey) &&
      (each.mod || singleKeys),
  );
  return found?.action;
}

/** @param {{keys: string[], mod?: boolean, shift?: boolean}} shortcut @returns {string[][]} each way, as key caps */
export function keyCaps({ keys, mod, shift }) {
  return keys.map((key) => [
    ...(mod ? ["Ctrl"] : []),
    ...(shift ? ["Shift"] : []),
    key.length === 1 ? key.toUpperCase() : key[0].toUpperCase() + key.slice(1),
  ]);
}
