/** The page: joins pad, asker and screen, and gives every action its button and its key. */

import { RecogniserError, recognise } from "./api.js";
import { Asker } from "./asker.js";
import { loadConfig } from "./config.js";
import { Drawing } from "./drawing.js";
import { Pad } from "./pad.js";
import { need } from "./dom.js";
import { Panels } from "./panels.js";
import { takePicture } from "./raster.js";
import { announce, show } from "./screen.js";
import { usesSingleKeys } from "./settings.js";
import { actionOf } from "./shortcuts.js";
import { listenForPictures } from "./sources.js";
import { Tally } from "./tally.js";
import { viewOf } from "./view.js";

const PAD_UNIT = 280; // of the width slider, which counts in pixels of a pad of this side

const byId = (id) => document.getElementById(id);
const drawing = new Drawing();
const pad = new Pad(byId("pad"), drawing, { onInk, onLift });
const asker = new Asker({ drawing, ask, onOutcome });
const page = { drawing, answer: newestAnswer, config, announce, tell, kept };
const panels = new Panels(page);

const tally = new Tally();

let outcome = null; // the newest since the pad was empty
let corrected = null; // picture
let notice = null; // what the page itself could not do
let triesAgain = false;
let configError = null;
let configured = configure();
let wishes = 0; // for pictures: the newest wins

const actions = {
  undo: () => change(() => drawing.undo(), "Undone."),
  redo: () => change(() => drawing.redo(), "Done again."),
  clear: () => change(() => drawing.clear(), "Cleared."),
  erase: () => useEraser(!pad.erases),
  thinner: () => byId("width").stepDown() ?? setWidth(),
  thicker: () => byId("width").stepUp() ?? setWidth(),
  retry: tryAgain,
  camera: () => byId("camera").click(),
  upload: () => byId("upload").click(),
  sample: () => take(async () => (await need(import("./samples.js"))).takeSample()),
  wrong: async () => (await need(import("./wrong.js"))).openCorrection(byId("correct"), page),
  inside: () => panels.toggle("inside"),
  card: () => panels.toggle("card"),
  history: () => panels.toggle("history"),
  keys: async () => (await need(import("./keys.js"))).openKeys(byId("keys")),
};

document.addEventListener("click", (event) => act(event.target.closest?.("[data-action]")?.dataset.action));
document.addEventListener("keydown", onKey);
byId("width").addEventListener("input", setWidth);
listenForPictures(
  (file) => take(async () => (await need(import("./pictures.js"))).takeIn(file)),
  (words) => tell(new RecogniserError("refused", words)),
);
addEventListener("online", () => outcome?.error && asker.retry());
addEventListener("error", (event) => tell(event.error ?? new Error(event.message)));
addEventListener("unhandledrejection", (event) => tell(event.reason));
setWidth();

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

async function config() {
  const found = await configured;
  if (!found) {
    throw configError;
  }
  return found;
}

/** The answer to the drawing as it is now, once the pen is up. */
function newestAnswer() {
  return !pad.penIsDown && outcome?.result && outcome.revision === drawing.revision ? outcome : null;
}

async function ask({ strokes, picture }) {
  const file = picture ? picture.bytes : await takePicture(structuredClone(strokes));
  const where = await config();
  const asked_ms = performance.now();
  const result = await recognise(where, file);
  return { result, picture: file, latency_ms: performance.now() - asked_ms };
}

function onKey(event) {
  if (!document.querySelector("dialog[open]")) {
    const action = actionOf(event, usesSingleKeys());
    if (action) {
      event.preventDefault();
      act(action);
    }
  }
}

/** @param {string | undefined} action whatever goes wrong with it is told in words */
async function act(action) {
  try {
    await actions[action]?.();
  } catch (error) {
    tell(error);
  }
}

function tell(reason) {
  notice = reason instanceof Error ? reason : new Error(String(reason));
  render();
}

function onInk() {
  notice = null;
  if (drawing.isEmpty) {
    forget(); // the only stroke turned out to be a palm
  } else if (!drawing.strokes.at(-1).erases) {
    asker.penMoved(); // what is half rubbed out is worth no question yet
  }
  render();
}

function onLift() {
  if (drawing.isEmpty) {
    forget(); // all of it is rubbed out
  }
  asker.penLifted();
  render();
}

function onOutcome(newest) {
  outcome = newest;
  triesAgain = false;
  if (newest.revision === drawing.revision) {
    tally.count(drawing.picture, newest.result);
  }
  render();
}

/** Change the drawing otherwise than by the pen. */
function change(how, words) {
  const before = drawing.revision;
  pad.release();
  notice = null;
  how();
  if (drawing.revision === before) {
    render();
  } else {
    pad.repaint();
    onLift();
    announce(words);
  }
}

function kept(answer, words) {
  corrected = answer.picture;
  render();
  announce(words);
}

/** @param {() => Promise<import("./drawing.js").Picture>} fetchPicture */
async function take(fetchPicture) {
  wishes += 1;
  const wish = wishes;
  try {
    const picture = await fetchPicture();
    if (wish === wishes) {
      change(() => drawing.show(picture), "A picture is on the pad.");
    }
  } catch (error) {
    tell(error);
  }
}

function useEraser(erases) {
  pad.erases = erases;
  render();
}

function setWidth() {
  pad.penWidth = Number(byId("width").value) / PAD_UNIT;
  render();
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
  const view = viewOf({ drawing, penIsDown: pad.penIsDown, outcome, triesAgain, configError, notice });
  const answer = newestAnswer();
  show(view, pad, tally.caption(drawing.picture, answer?.result), Boolean(answer) && answer.picture === corrected);
  panels.update();
}
