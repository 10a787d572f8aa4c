/** The dialog "Wrong?": asks which digit it was, and keeps the correction. */

import { percent } from "../answer/page_state.js";
import { element, loadStyle } from "../panels/dom.js";
import { keep } from "./corrections_store.js";

const NO_DIGIT = "none";
const PRIVACY = "What you say stays in this browser until you export it.";

/** Id of each picture's correction: a second correction replaces the first. */
const ids = new WeakMap();

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
      ...(ids.has(answer.picture) && { id: ids.get(answer.picture) }),
      time: new Date().toISOString(),
      kind: picture?.kind ?? "drawing",
      strokes: snapshot,
      picture: answer.picture,
      mediaType: picture?.mediaType ?? "image/png",
      answer: answer.result,
      correction,
    });
    ids.set(answer.picture, id);
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
    element("p", { class: "quiet" }, `Read as ${label}, ${percent(confidence)}. ${PRIVACY}`),
    element("form", { method: "dialog" }, element("button", { class: "wide plain" }, "Cancel")),
  );
}
