/** Words for a correction. Pure. */

/** The correction of a picture that shows none of the labels. */
export const NONE = "none";

/**
 * @param {string} correction a label, or NONE
 * @param {string} subject what a label is called
 * @returns {string} "an 8", "a 7", "an A", "no digit"
 */
export function named(correction, subject) {
  if (correction === NONE) {
    return `no ${subject}`;
  }
  return `${/^(8|[aefhilmnorsx]$|[aeiou]\w)/i.test(correction) ? "an" : "a"} ${correction}`;
}
