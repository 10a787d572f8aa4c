/** Writes a view into the page: answer, bars, status words, and which tools are of use. */

import { percent, wholePercent } from "./view.js";

const named = [...document.querySelectorAll("[id]")].map((each) => [each.id, each]);
const { answer, confidence, status, retry, clear, wrong, caption, announcement, bars, undo, redo, erase } =
  Object.fromEntries(named);
const { dataset } = document.body;

/**
 * @param {import("../types.js").View} view
 * @param {ReturnType<typeof import("../drawing/pad.js").createPad>} pad
 * @param {string} words the caption of the pad's picture
 * @param {boolean} isCorrected a correction of this answer is kept
 */
export function show(view, pad, words, isCorrected) {
  const { drawing, penIsDown } = pad;
  dataset.state = view.state;
  dataset.waiting = view.state === "asking" && !penIsDown;
  dataset.pad = drawing.isEmpty ? "empty" : "inked";
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

function showResult(result) {
  dataset.recognised = result?.recognised ?? false;
  setText(answer, result?.label ?? "");
  setText(confidence, result ? percent(result.confidence) : "");
  for (const [label, bar] of Object.entries([...bars.children])) {
    const probability = result?.probabilities[label] ?? 0;
    bar.classList.toggle("likeliest", label === result?.label);
    bar.style.setProperty("--share", probability);
    setText(bar.lastChild, result ? wholePercent(probability) : "");
  }
}

/** @param {string} words text in backticks is shown as code */
function showWords(words) {
  if (status.dataset.words === words) {
    return; // a screen reader would repeat them
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

/** Disabled tools keep their place and can be focused. */
function showTools({ drawing, erases }) {
  undo.ariaDisabled = !drawing.canUndo;
  redo.ariaDisabled = !drawing.canRedo;
  clear.ariaDisabled = drawing.isEmpty;
  erase.ariaPressed = erases;
  dataset.tool = erases ? "eraser" : "pen";
}

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
