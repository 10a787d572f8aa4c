/** The one choice that the browser remembers for the person. A browser that remembers nothing only forgets it. */

const SINGLE_KEYS = "digits.single-keys";

/** @returns {boolean} whether keys without Ctrl do something; they do unless somebody has said otherwise */
export function usesSingleKeys() {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} used */
export function useSingleKeys(used) {
  try {
    localStorage.setItem(SINGLE_KEYS, used ? "on" : "off");
  } catch {
    // Storage is switched off: the choice cannot be kept.
  }
}
