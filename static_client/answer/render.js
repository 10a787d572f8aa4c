/** Shows the page's state: answer, bars, words, tools. */

import { percent } from "./page_state.js";

const named = [...document.querySelectorAll("[id]")].map((each) => [each.id, each]);
const { answer, rival, confidence, status, retry, clear, wrong, teach, caption, announcement, bars, undo, redo, erase } =
  Object.fromEntries(named);
const { dataset } = document.body;

/** @type {import("../types.js").RenderPage} */
export function renderPage(state, pad, captionText, savedText, canTeach) {
  const { drawing, penIsDown } = pad;
  dataset.state = state.state;
  dataset.waiting = state.state === "asking" && !penIsDown;
  dataset.pad = drawing.isEmpty ? "empty" : "inked";
  dataset.pen = penIsDown ? "down" : "up";
  showAnswer(state);
  showWords(savedText || state.words);
  showRetry(state.canRetry);
  showTools(pad, savedText);
  teach.hidden = !(savedText && canTeach);
  setText(caption, captionText);
  if (state.confidence && !penIsDown && state.state !== "asking") {
    const other = state.rival ? ` or ${state.rival}?` : ",";
    announce(`${state.answer}${other} ${percent(state.confidence)} confidence.${captionText && ` ${captionText}.`}`);
  }
}

/** @param {string} words for screen readers */
export function announce(words) {
  setText(announcement, words);
}

function showAnswer({ result, answer: label, rival: other, confidence: share }) {
  dataset.recognised = share !== undefined;
  dataset.shown = other ? "two" : label ? "one" : "none";
  setText(answer, label ?? "");
  setText(rival, other ?? "");
  setText(confidence, share === undefined ? "" : percent(share));
  for (const bar of bars.children) {
    const name = bar.firstChild.textContent;
    const probability = result?.probabilities[name] ?? 0;
    bar.classList.toggle("likeliest", name === label || name === other);
    bar.style.setProperty("--share", probability);
    setText(bar.lastChild, result ? percent(probability) : "");
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
function showTools({ drawing, erases }, savedText) {
  setText(wrong, savedText ? "Undo" : "Wrong?");
  wrong.dataset.action = savedText ? "unsave" : "wrong";
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
