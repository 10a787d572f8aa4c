/** The dialog "Wrong?": asks which label is right, and keeps the correction. */

import { percent } from "../answer/page_state.js";
import { element, loadStyle } from "../panels/dom.js";
import { keep } from "./corrections_store.js";
import { NONE, named } from "./correction_words.js";

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
    page.onKept(answer, `Kept as ${named(correction, page.subject)}.`);
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
  fill(answer.result, page.subject, choose);
  dialog.showModal();
}

function fill({ label, confidence }, subject, choose) {
  const labels = [...document.querySelectorAll("#bars b")].map((bar) => bar.textContent);
  const buttons = labels.map((each) => element("button", { type: "button", onclick: () => choose(each) }, each));
  dialog.onkeydown = ({ key, ctrlKey, metaKey, altKey }) => {
    const isKey = (each) => each.toLowerCase() === key.toLowerCase();
    const chosen = labels.includes(key) ? key : labels.find(isKey);
    if (chosen && !ctrlKey && !metaKey && !altKey) {
      choose(chosen);
    }
  };
  dialog.replaceChildren(
    element("h2", { id: "correct-title" }, "That’s wrong, it was a …"),
    element("div", { class: "keypad" }, ...buttons),
    element("button", { type: "button", class: "wide", onclick: () => choose(NONE) }, `Not a ${subject}`),
    element("p", { class: "quiet" }, `Read as ${label}, ${percent(confidence)}. ${PRIVACY}`),
    element("form", { method: "dialog" }, element("button", { class: "wide plain" }, "Cancel")),
  );
}
