/** The page: joins pad, asker and screen. All that knows the document is here, the pad's canvas apart. */

import { recognise } from "./api.js";
import { Asker } from "./asker.js";
import { loadConfig } from "./config.js";
import { Pad } from "./pad.js";
import { takePicture } from "./raster.js";
import { Drawing } from "./strokes.js";
import { percent, viewOf, wholePercent } from "./view.js";

const byId = (id) => document.getElementById(id);
const answer = byId("answer");
const confidence = byId("confidence");
const status = byId("status");
const retry = byId("retry");
const clear = byId("clear");
const announcement = byId("announcement");
const bars = [...document.querySelectorAll("#bars li")];

const drawing = new Drawing();
const pad = new Pad(byId("pad"), drawing, { onInk, onLift });
const asker = new Asker({ drawing, ask, onOutcome });

let outcome = null; // the newest since the pad was empty
let triesAgain = false;
let configError = null;
let configured = configure();

clear.addEventListener("click", startAnew);
retry.addEventListener("click", tryAgain);

/** @returns {Promise<import("./config.js").Config | null>} null where configError says why */
async function configure() {
  try {
    return await loadConfig(new URL(location.href));
  } catch (error) {
    configError = error;
    render();
    return null;
  }
}

async function ask(strokes) {
  const picture = await takePicture(strokes);
  const config = await configured;
  if (!config) {
    throw configError;
  }
  return recognise(config, picture);
}

function onInk() {
  if (drawing.isEmpty) {
    forget(); // the only stroke turned out to be a palm
  } else {
    asker.penMoved();
  }
  render();
}

function onLift() {
  asker.penLifted();
  render();
}

function onOutcome(newest) {
  outcome = newest;
  triesAgain = false;
  render();
}

function startAnew() {
  pad.clear();
  forget();
  render();
  announcement.textContent = "Cleared.";
}

function forget() {
  outcome = null;
  triesAgain = false;
  asker.cleared();
}

async function tryAgain() {
  triesAgain = true;
  render();
  if (configError) {
    configError = null;
    configured = configure();
    await configured;
  }
  if (drawing.isEmpty || configError) {
    triesAgain = false;
    render();
  } else {
    asker.retry();
  }
}

function render() {
  const penIsDown = pad.penIsDown;
  const view = viewOf({ drawing, penIsDown, outcome, triesAgain, configError });
  document.body.dataset.state = view.state;
  document.body.dataset.waiting = String(view.state === "asking" && !penIsDown);
  document.body.dataset.pad = drawing.isEmpty ? "empty" : "inked";
  showResult(view.result);
  showWords(view.words);
  showRetry(view.canRetry);
  if (view.state === "answered" && !penIsDown) {
    announcement.textContent = `${view.result.label}, ${percent(view.result.confidence)} confidence.`;
  }
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

function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
