/** The dialog "Wrong?": asks what was drawn, and saves the correction. */

import { percent, rivalOf } from "../answer/page_state.js";
import { element, loadStyle } from "../panels/dom.js";
import { keep, readAll, remove } from "./corrections_store.js";
import { NONE } from "./correction_words.js";

const PRIVACY = "Your answer stays in this browser until you export it.";
const TAUGHT = "Your answer and the drawing go to the learner, which may teach them.";

/** Each picture's correction: a second one replaces the first. */
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
  const before = kept.get(answer.picture);
  await page.loadPart(loadStyle());

  async function choose(correction) {
    dialog.close();
    try {
      await save(correction);
    } catch (error) {
      page.showError(error);
      return;
    }
    const words = `Saved: ${nameOf(correction, page.subject)}`;
    page.onSaved({ picture: answer.picture, words, undo });
    if (page.learner) {
      await send().catch(({ message }) => page.onSaved({ picture: answer.picture, words: `${words}. ${message}`, undo }));
    }
  }

  async function save(correction) {
    const record = {
      ...(before && { id: before.id }),
      time: new Date().toISOString(),
      kind: picture?.kind ?? "drawing",
      strokes: snapshot,
      picture: answer.picture,
      mediaType: picture?.mediaType ?? "image/png",
      answer: answer.result,
      correction,
      ...(page.learner && { destination: "learner" }),
    };
    kept.set(answer.picture, { ...record, id: await keep(record) });
  }

  async function send() {
    const { sendWaiting } = await page.loadPart(import("../learner/outbox.js"));
    await sendWaiting(page.learner);
  }

  async function undo() {
    await forgetSent();
    if (before) {
      await keep(before);
      kept.set(answer.picture, before);
    } else {
      await remove(kept.get(answer.picture).id);
      kept.delete(answer.picture);
    }
  }

  /** Erases at the learner what this correction has brought there. */
  async function forgetSent() {
    const sent = (await readAll()).find(({ id }) => id === kept.get(answer.picture).id);
    if (page.learner && sent?.accepted) {
      const { takeBack } = await page.loadPart(import("../learner/outbox.js"));
      await takeBack(page.learner, sent);
    }
  }

  if (!dialog) {
    dialog = element("dialog", { id: "correct", "aria-labelledby": "correct-title" });
    document.body.append(dialog);
  }
  fill(answer.result, page, choose);
  dialog.showModal();
}

function fill(result, { subject, learner }, choose) {
  const read = readAs(result);
  const button = (correction, attributes = {}) => {
    const isRead = correction === read; // it would correct nothing
    const onclick = () => choose(correction);
    const words = nameOf(correction, subject);
    return element("button", { type: "button", disabled: isRead, onclick, ...attributes }, words);
  };
  const labels = [...document.querySelectorAll("#bars b")].map((bar) => bar.textContent);
  dialog.onkeydown = ({ key, ctrlKey, metaKey, altKey }) => {
    const isKey = (each) => each.toLowerCase() === key.toLowerCase();
    const chosen = labels.includes(key) ? key : labels.find(isKey);
    if (chosen && chosen !== read && !ctrlKey && !metaKey && !altKey) {
      choose(chosen);
    }
  };
  dialog.replaceChildren(
    element("h2", { id: "correct-title", tabindex: -1, autofocus: true }, "What did you draw?"),
    element("div", { class: "keypad" }, ...labels.map((label) => button(label))),
    button(NONE, { class: "wide" }),
    element("p", { class: "quiet" }, `I read ${describe(result, subject)}. ${learner ? TAUGHT : PRIVACY}`),
    element("form", { method: "dialog" }, element("button", { class: "wide plain" }, "Cancel")),
  );
}

/** @returns {string | undefined} the correction that would change nothing; none where two labels were close */
function readAs(result) {
  if (!result.recognised) {
    return NONE;
  }
  return rivalOf(result) ? undefined : result.label;
}

function nameOf(correction, subject) {
  return correction === NONE ? `Not a ${subject}` : correction;
}

function describe(result, subject) {
  const { label, recognised, confidence } = result;
  return recognised ? `${label}, ${percent(confidence)}` : `no ${subject}`;
}
