/** Counts how many test digits were read right, and words the caption below them. */

export class SampleScore {
  #right = 0;
  #counted = new Set(); // pictures; each counts once

  /**
   * @param {import("../types.js").Picture | null} picture
   * @param {import("../types.js").Result} [result] the recogniser's answer
   */
  count(picture, result) {
    if (picture?.label && result && !this.#counted.has(picture)) {
      this.#counted.add(picture);
      this.#right += picture.label === result.label ? 1 : 0;
    }
  }

  /**
   * @param {import("../types.js").Picture | null} picture
   * @param {import("../types.js").Result} [result] the recogniser's answer
   * @returns {string} empty for a picture without a label
   */
  caption(picture, result) {
    if (!picture?.label) {
      return "";
    }
    const words = `Test digit, labelled ${picture.label}`;
    if (!result) {
      return words;
    }
    const verdict = picture.label === result.label ? "read right" : "read wrong";
    const count = this.#counted.size;
    const total = count > 1 ? ` (${this.#right} of ${count} right)` : "";
    return `${words}: ${verdict}${result.recognised ? "" : ", but taken for no digit"}${total}`;
  }
}
