/** Chooses which result is shown while the pen moves, so that a half-drawn digit does not flicker. */

const STABLE_MS = 200; // a changed label is shown once it has stayed for so long

/** @param {() => void} onChange another result is shown, and no event of the page is the reason */
export function createSteadyResult(onChange) {
  let candidate; // not shown yet
  let timer;

  const steady = {
    /** @type {import("../types.js").Result | undefined} */
    shown: undefined,
    show(result) {
      clearTimeout(timer);
      steady.shown = candidate = result;
    },
    /** @param {import("../types.js").Result} [result] the newest; shown when its label stays */
    offer(result) {
      const { label, recognised } = result ?? {};
      if (label === steady.shown?.label) {
        steady.show(recognised ? result : steady.shown);
      } else if (label !== candidate?.label) {
        clearTimeout(timer);
        timer = setTimeout(settle, STABLE_MS);
      }
      candidate = result;
    },
  };

  function settle() {
    if (candidate?.recognised) {
      steady.show(candidate);
      onChange();
    }
  }

  return steady;
}
