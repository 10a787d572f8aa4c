/** Puts a view on the screen: answer, bars, words, and which tools are of use. */

import { percent, wholePercent } from "./view.js";

const byId = (id) => document.getElementById(id);
const answer = byId("answer");
const confidence = byId("confidence");
const status = byId("status");
const retry = byId("retry");
const clear = byId("clear");
const wrong = byId("wrong");
const caption = byId("caption");
const announcement = byId("announcement");
const bars = [...document.querySelectorAll("#bars li")];

/**
 * @param {import("./view.js").View} view
 * @param {import("./pad.js").Pad} pad
 * @param {string} words on what the pad shows
 * @param {boolean} isCorrected whether somebody has said what it was
 */
export function show(view, pad, words, isCorrected) {
  const { drawing, penIsDown } = pad;
  document.body.dataset.state = view.state;
  document.body.dataset.waiting = String(view.state === "asking" && !penIsDown);
  document.body.dataset.pad = drawing.isEmpty ? "empty" : "inked";
  showResult(view.result);
  showWords(view.words);
  showRetry(view.canRetry);
  showTools(pad);
  setText(caption, words);
  setText(wrong, isCorrected ? "Kept" : "Wrong?");
  if (view.state === "answered" && !penIsDown) {
    announce(`${view.result.label}, ${percent(view.result.confidence)} confidence.${words && ` ${words}.`}`);
  }
}

/** @param {string} words for screen readers */
export function announce(words) {
  setText(announcement, words);
}

/** @param {import("./api.js").Result | undefined} result */
function showResult(result) {
  document.body.dataset.recognised = String(result?.recognised ?? false);
  setText(answer, result?.label ?? "");
  setText(confidence, result ? percent(result.confidence) : "");
  for (const bar of bars) {
    const { label } = bar.dataset;
    const probability = result?.probabilities[label] ?? 0;
    bar.classList.toggle("likeliest", label === result?.label);
    bar.style.setProperty("--share", String(probability));
    setText(bar.querySelector(".share"), result ? wholePercent(probability) : "");
  }
}

/** @param {string} words what stands in backticks becomes code */
function showWords(words) {
  if (status.dataset.words === words) {
    return; // or a screen reader would say it twice
  }
  status.dataset.words = words;
  const parts = words.split("`").map((part, i) => {
    const element = document.createElement(i % 2 === 1 ? "code" : "span");
    element.textContent = part;
    return element;
  });
  status.replaceChildren(...(words ? parts : []));
}

function showRetry(canRetry) {
  if (!canRetry && document.activeElement === retry) {
    clear.focus(); // a hidden button cannot keep the focus
  }
  retry.hidden = !canRetry;
}

/** What is of no use now stays where it is and can be reached, but says so. */
function showTools({ drawing, erases, penWidth }) {
  byId("undo").ariaDisabled = String(!drawing.canUndo);
  byId("redo").ariaDisabled = String(!drawing.canRedo);
  clear.ariaDisabled = String(drawing.isEmpty);
  byId("erase").ariaPressed = String(erases);
  document.body.dataset.tool = erases ? "eraser" : "pen";
  document.body.style.setProperty("--pen", String(penWidth));
}

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
