/** The dialog "Teach": asks, follows the teaching, tells its verdict, and takes it back. */

import { sendWaiting } from "./outbox.js";
import { cancel, dismiss, findTeaching, isUnderWay, rollBack, teach, teaching } from "./teaching.js";
import { verdictWords } from "./teaching_words.js";
import { element, loadStyle } from "../panels/dom.js";

const SERVED_WITHIN_MS = 30_000;
const ASK_INTERVAL_MS = 1000;

let dialog;
let busy = false; // a button's work is under way
let trouble = ""; // why the last one failed
let unseen = false; // the end of a job that the page has not answered by asking again

/** @param {import("../types.js").Page} page */
export async function openTeaching(page) {
  await page.loadPart(loadStyle());
  if (!dialog) {
    dialog = element("dialog", { id: "teach-dialog", "aria-labelledby": "teach-title" });
    dialog.addEventListener("close", () => dismiss());
    document.body.append(dialog);
    teaching.addEventListener("change", () => changed(page));
  }
  trouble = "";
  dialog.showModal();
  show(page);
  await attempt(page, async () => {
    await sendWaiting(page.learner);
    await findTeaching(page.learner);
  });
}

/** Runs a button's work; its error is shown in the dialog. */
async function attempt(page, work) {
  busy = true;
  trouble = "";
  show(page);
  try {
    await work();
  } catch (error) {
    trouble = error.message;
  }
  busy = false;
  show(page);
}

function changed(page) {
  if (isUnderWay()) {
    unseen = true;
  } else if (unseen && teaching.job?.state === "promoted") {
    unseen = false;
    askUntilServed(page);
  } else if (teaching.job?.state === "taken back") {
    askAgain(page);
  }
  show(page);
  if (!dialog.open && teaching.job && !isUnderWay()) {
    page.announce(verdictWords(teaching.job).title);
  }
}

function askAgain({ drawing, askAgain: ask }) {
  if (!drawing.isEmpty) {
    ask();
  }
}

/** A promoted version serves a moment later. */
async function askUntilServed(page) {
  const { job } = teaching;
  const deadline = performance.now() + SERVED_WITHIN_MS;
  while (teaching.job === job && performance.now() < deadline && page.answer()?.result.version !== job.version) {
    askAgain(page);
    await new Promise((done) => setTimeout(done, ASK_INTERVAL_MS));
    show(page);
  }
}

function show(page) {
  if (!dialog.open) {
    return;
  }
  const { job, error } = teaching;
  const { title, text, rows } = verdictWords(job);
  const button = (words, onclick, attributes = {}) =>
    element("button", { type: "button", disabled: busy, onclick, ...attributes }, words);
  const close = (words) => element("form", { method: "dialog" }, element("button", { class: "wide plain" }, words));
  const run = (words, work) => button(words, () => attempt(page, () => work(page.learner)), { class: "wide" });
  const again = job === null || ["failed", "cancelled", "refused", "taken back"].includes(job.state);
  const buttons = [
    again && run(job === null ? "Teach" : "Teach again", teach),
    job?.state === "promoted" && run("Take it back", rollBack),
    isUnderWay() && run("Stop teaching", cancel),
    close(isUnderWay() ? "Close, it goes on" : job === null ? "Not now" : "Done"),
  ].filter(Boolean);
  const answer = page.answer()?.result;
  const read = job?.state === "promoted" && answer?.version === job.version;
  const content = [
    element("h2", { id: "teach-title", tabindex: -1 }, title),
    element("p", { role: "status" }, trouble || error?.message || text),
    isUnderWay() && element("progress", { max: 1, value: job.progress, "aria-label": "Progress of the teaching" }),
    rows.length > 0 && element("ul", {}, ...rows.map((row) => element("li", {}, row))),
    read && element("p", { id: "taught-answer" }, `This drawing is now read as ${answer.recognised ? answer.label : `no ${page.subject}`}.`),
    ...buttons,
  ].filter(Boolean);
  replace(content);
}

/** Keeps the focus where it was, by the words of the button that has it. */
function replace(content) {
  const focused = dialog.contains(document.activeElement) ? document.activeElement.textContent : undefined;
  dialog.replaceChildren(...content);
  const same = [...dialog.querySelectorAll("button")].find((button) => button.textContent === focused);
  (same ?? dialog.querySelector("h2")).focus();
}
