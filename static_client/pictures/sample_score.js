/** Counts how many digits to try were read right, and words the caption below them. */

import { named } from "../corrections/correction_words.js";

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
    const words = `This is ${named(picture.label, "digit")}`;
    if (!result) {
      return words;
    }
    const right = result.recognised ? "Correct" : "Correct, but unsure";
    const verdict = picture.label === result.label ? right : "Wrong";
    const count = this.#counted.size;
    const total = count > 1 ? ` (${this.#right} of ${count} right)` : "";
    return `${words}. ${verdict}${total}`;
  }
}
