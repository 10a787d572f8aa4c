/** The dialog that asks what it really was, and keeps the answer. */

import { percent } from "../answer/page_state.js";
import { element, loadStyle } from "../panels/dom.js";
import { keep } from "./corrections_store.js";

const NO_DIGIT = "none";

/** Under which id the correction of a picture is kept, so that a second one takes the first one's place. */
const kept = new WeakMap();

let dialog;

/** @param {import("../types.js").Page} page */
export async function openCorrection(page) {
  const answer = page.answer();
  if (!answer) {
    page.announce("There is no answer yet that could be wrong.");
    return;
  }
  const { drawing } = page;
  const snapshot = structuredClone(drawing.strokes);
  const { picture } = drawing;
  await page.loadPart(loadStyle());

  async function choose(correction) {
    dialog.close();
    try {
      await save(correction);
    } catch (error) {
      page.showError(error);
      return;
    }
    page.onKept(answer, correction === NO_DIGIT ? "Kept as no digit." : `Kept as a ${correction}.`);
  }

  async function save(correction) {
    const id = await keep({
      ...(kept.has(answer.picture) && { id: kept.get(answer.picture) }),
      time: new Date().toISOString(),
      kind: picture?.kind ?? "drawing",
      strokes: snapshot,
      picture: answer.picture,
      mediaType: picture?.mediaType ?? "image/png",
      answer: answer.result,
      correction,
    });
    kept.set(answer.picture, id);
  }

  if (!dialog) {
    dialog = element("dialog", { id: "correct", "aria-labelledby": "correct-title" });
    document.body.append(dialog);
  }
  fill(answer.result, choose);
  dialog.showModal();
}

function fill({ label, confidence }, choose) {
  const digits = [..."0123456789"].map((digit) =>
    element("button", { type: "button", onclick: () => choose(digit) }, digit),
  );
  dialog.onkeydown = (event) => {
    if (/^\d$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      choose(event.key);
    }
  };
  dialog.replaceChildren(
    element("h2", { id: "correct-title" }, "That’s wrong, it was a …"),
    element("div", { class: "keypad" }, ...digits),
    element("button", { type: "button", class: "wide", onclick: () => choose(NO_DIGIT) }, "Not a digit"),
    element("p", { class: "quiet" }, `Read as ${label}, ${percent(confidence)}. What you say stays in this browser until you export it.`),
    element("form", { method: "dialog" }, element("button", { class: "wide plain" }, "Cancel")),
  );
}
