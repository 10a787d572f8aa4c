/** Connects pad, recogniser and screen, and runs the action of each button and key. */

import { derivePageState } from "./answer/page_state.js";
import { announce, renderPage } from "./answer/render.js";
import { createSteadyResult } from "./answer/steady_result.js";
import { Drawing } from "./drawing/drawing.js";
import { createPad } from "./drawing/pad.js";
import { actionOf } from "./keyboard/shortcuts.js";
import { listenForPictures } from "./pictures/picture_inputs.js";
import { recognise } from "./recogniser/api.js";
import { loadConfig } from "./recogniser/config.js";
import { RecogniserError, unreachable } from "./recogniser/errors.js";
import { createRequestScheduler } from "./recogniser/request_scheduler.js";

const SLIDER_PAD_PX = 280; // the width slider's values are pixels on a pad of this side

// As in panels.js: a browser may remember that a module did not load.
const again = (path) => () => import(`${new URL(path, import.meta.url)}?${performance.now()}`);

const byId = (id) => document.getElementById(id);
const drawing = new Drawing();
const pad = createPad(byId("pad"), drawing, { onInk, onLift, isBlank: (strokes) => raster?.isBlank(strokes) });
const steady = createSteadyResult(render);
const scheduler = createRequestScheduler({ drawing, ask, onOutcome });
const page = { drawing, subject: "digit", answer: newestAnswer, announce, showError, onSaved, loadPart, askAgain: scheduler.retry };

let panels = null; // loaded with the first panel or dialog
let loading = null; // promise of panels.js
let raster = null; // raster.js, loaded with the first stroke
let outcome = null; // the newest; null after the pad was empty
let saved = null; // the last correction
let pageError = null;
let retryRequested = false; // after a click on "Try again"
let configError = null;
let pictureRequests = 0; // the newest one wins

const actions = {
  undo: () => (savedWords() ? unsave() : change(() => drawing.undo(), "Undone.")),
  redo: () => change(() => drawing.redo(), "Redone."),
  clear: () => change(() => drawing.clear(), "Cleared."),
  erase: () => {
    pad.erases = !pad.erases && drawing.strokes.length > 0;
    render();
  },
  thinner: () => byId("width").stepDown() ?? setWidth(),
  thicker: () => byId("width").stepUp() ?? setWidth(),
  retry: tryAgain,
  camera: () => byId("camera").click(),
  upload: () => byId("upload").click(),
  sample: () => showPictureFrom(loadSample),
  wrong: openPanel,
  teach: openPanel,
  unsave,
  inside: openPanel,
  card: openPanel,
  history: openPanel,
  keys: openPanel,
};

document.addEventListener("click", (event) => act(event.target.closest?.("[data-action]")?.dataset.action));
document.addEventListener("keydown", onKey);
byId("width").addEventListener("input", setWidth);
listenForPictures(
  (file) => showPictureFrom(async () => (await loadPart(import("./pictures/picture_file.js"))).readPictureFile(file)),
  (words) => showError(new RecogniserError("refused", words)),
);
addEventListener("online", () => outcome?.error && scheduler.retry());
addEventListener("error", (event) => showError(event.error ?? new Error(event.message)));
addEventListener("unhandledrejection", (event) => showError(event.reason));
setWidth();
configure();

function configure() {
  page.config = loadConfig(new URL(location.href));
  return page.config.then(useConfig).catch((error) => {
    configError = error;
    render();
  });
}

async function useConfig({ labels, learner, token }) {
  page.learner = learner && { token, ...learner };
  if (labels) {
    page.subject = await (await loadPart(import("./answer/other_labels.js"))).showLabels(labels);
    render();
  }
}

/** @returns the outcome for the drawing as it is; null while the pen is down */
function newestAnswer() {
  return !pad.penIsDown && outcome?.result && outcome.revision === drawing.revision ? outcome : null;
}

async function ask({ strokes, picture }) {
  const file = picture ? picture.bytes : await encode(structuredClone(strokes));
  const config = await page.config;
  const asked_ms = performance.now();
  const result = await recognise(config, file);
  return { result, picture: file, latency_ms: performance.now() - asked_ms };
}

async function encode(strokes) {
  try {
    raster ??= await import("./drawing/raster.js").catch(again("./drawing/raster.js"));
  } catch (cause) {
    throw unreachable(cause);
  }
  return raster.encodeStrokes(strokes);
}

function onKey(event) {
  const action = document.querySelector("dialog[open]") ? undefined : actionOf(event);
  if (action) {
    event.preventDefault();
    act(action);
  }
}

async function act(action) {
  try {
    await actions[action]?.(action);
  } catch (error) {
    showError(error);
  }
}

function showError(reason) {
  pageError = reason instanceof Error ? reason : new Error(reason);
  render();
}

function onInk() {
  pageError = null;
  if (drawing.isEmpty) {
    forget(); // the only stroke was a palm
  } else if (!drawing.strokes.at(-1).erases) {
    scheduler.penMoved(); // with an eraser, only after it is lifted
  }
  render();
}

function onLift() {
  if (drawing.isEmpty) {
    forget(); // everything is erased
  }
  if (drawing.strokes.length === 0) {
    pad.erases = false; // or the next stroke would draw nothing
  }
  scheduler.penLifted();
  render();
}

function onOutcome(newest) {
  outcome = newest;
  retryRequested = false;
  if (pad.penIsDown || newest.revision !== drawing.revision) {
    steady.offer(newest.result);
  } else {
    steady.show(newest.result);
    drawing.picture?.answered(newest.result);
    pad.repaint();
  }
  render();
}

/** Changes the drawing by something else than the pen: undo, clear, a picture. */
function change(how, words) {
  const before = drawing.revision;
  pad.release();
  pageError = null;
  how();
  if (drawing.revision === before) {
    render();
  } else {
    pad.repaint();
    onLift();
    announce(words);
  }
}

function onSaved(correction) {
  saved = correction;
  render();
}

/** @returns {string} empty: no correction of the answer that is shown has just been saved */
function savedWords() {
  return saved && !pageError && newestAnswer()?.picture === saved.picture ? saved.words : "";
}

async function unsave() {
  const { undo } = saved;
  saved = null;
  await undo();
  render();
  announce("Undone.");
}

async function showPictureFrom(load) {
  pictureRequests += 1;
  const request = pictureRequests;
  try {
    const picture = await load();
    if (request === pictureRequests) {
      change(() => drawing.show(picture), "A picture is on the pad.");
    }
  } catch (error) {
    showError(error);
  }
}

async function loadSample() {
  return (await loadPart(import("./pictures/samples.js"))).nextSample(await page.config);
}

/** Awaits a module or style that is loaded on demand; rejects in words for the person who draws. */
async function loadPart(part) {
  try {
    return await part;
  } catch (cause) {
    throw new Error("a part of it does not load. Reload it, or try again later.", { cause });
  }
}

/** Opens a panel or dialog. Calls share one import: two imports of a module may finish in any order. */
async function openPanel(name) {
  loading ??= loadPart(import("./panels/panels.js")).finally(() => (loading = null));
  panels = (await loading).panelsOf(page);
  await panels.open(name);
}

function setWidth() {
  pad.penWidth = Number(byId("width").value) / SLIDER_PAD_PX;
  render();
}

function forget() {
  outcome = null;
  steady.show(undefined);
  retryRequested = false;
  scheduler.cleared();
}

async function tryAgain() {
  retryRequested = true;
  render();
  if (configError) {
    configError = null;
    await configure();
  }
  if (drawing.isEmpty || configError) {
    retryRequested = false;
    render();
  } else {
    scheduler.retry();
  }
}

function render() {
  const { penIsDown } = pad;
  const facts = { ...page, penIsDown, outcome, held: steady.shown, retryRequested, configError, pageError };
  const caption = drawing.picture?.caption(newestAnswer()?.result) ?? "";
  renderPage(derivePageState(facts), pad, caption, savedWords(), Boolean(page.learner));
  panels?.update();
}
