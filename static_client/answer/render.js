/** Shows the page's state: answer, bars, status words, and which tools are of use. */

import { percent, wholePercent } from "./page_state.js";

const named = [...document.querySelectorAll("[id]")].map((each) => [each.id, each]);
const { answer, confidence, status, retry, clear, wrong, caption, announcement, bars, undo, redo, erase } =
  Object.fromEntries(named);
const { dataset } = document.body;

/**
 * @param {import("../types.js").PageState} state
 * @param {ReturnType<typeof import("../drawing/pad.js").createPad>} pad
 * @param {string} captionText for the pad's picture
 * @param {boolean} isCorrected a correction of this answer is kept
 */
export function renderPage({ state, result, words, canRetry }, pad, captionText, isCorrected) {
  const { drawing, penIsDown } = pad;
  dataset.state = state;
  dataset.waiting = state === "asking" && !penIsDown;
  dataset.pad = drawing.isEmpty ? "empty" : "inked";
  showResult(result);
  showWords(words);
  showRetry(canRetry);
  showTools(pad);
  setText(caption, captionText);
  setText(wrong, isCorrected ? "Kept" : "Wrong?");
  if (state === "answered" && !penIsDown) {
    announce(`${result.label}, ${percent(result.confidence)} confidence.${captionText && ` ${captionText}.`}`);
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
  for (const bar of bars.children) {
    const label = bar.firstChild.textContent;
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
