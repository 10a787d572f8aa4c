/** The page: joins pad, asker and screen, and gives every action its button and its key. */

import { announce, show } from "./answer/screen.js";
import { viewOf } from "./answer/view.js";
import { Drawing } from "./drawing/drawing.js";
import { createPad } from "./drawing/pad.js";
import { takePicture } from "./drawing/raster.js";
import { actionOf } from "./keyboard/shortcuts.js";
import { listenForPictures } from "./pictures/sources.js";
import { RecogniserError, recognise } from "./recogniser/api.js";
import { createAsker } from "./recogniser/asker.js";
import { loadConfig } from "./recogniser/config.js";

const PAD_UNIT = 280; // of the width slider, which counts in pixels of a pad of this side

const byId = (id) => document.getElementById(id);
const drawing = new Drawing();
const pad = createPad(byId("pad"), drawing, { onInk, onLift });
const asker = createAsker({ drawing, ask, onOutcome });
const page = { drawing, answer: newestAnswer, config: () => configured, announce, tell, kept, need };

let panels = null; // until one is wanted
let loading = null; // promise of panels.js
let outcome = null; // the newest since the pad was empty
let corrected = null; // picture
let notice = null; // what the page itself could not do
let triesAgain = false;
let configError = null;
let configured; // promise of a Config
let wishes = 0; // for pictures: the newest wins

const actions = {
  undo: () => change(() => drawing.undo(), "Undone."),
  redo: () => change(() => drawing.redo(), "Done again."),
  clear: () => change(() => drawing.clear(), "Cleared."),
  erase: () => {
    pad.erases = !pad.erases;
    render();
  },
  thinner: () => byId("width").stepDown() ?? setWidth(),
  thicker: () => byId("width").stepUp() ?? setWidth(),
  retry: tryAgain,
  camera: () => byId("camera").click(),
  upload: () => byId("upload").click(),
  sample: () => take(async () => (await need(import("./pictures/samples.js"))).takeSample()),
  wrong: open,
  inside: open,
  card: open,
  history: open,
  keys: open,
};

document.addEventListener("click", (event) => act(event.target.closest?.("[data-action]")?.dataset.action));
document.addEventListener("keydown", onKey);
byId("width").addEventListener("input", setWidth);
listenForPictures(
  (file) => take(async () => (await need(import("./pictures/pictures.js"))).takeIn(file)),
  (words) => tell(new RecogniserError("refused", words)),
);
addEventListener("online", () => outcome?.error && asker.retry());
addEventListener("error", (event) => tell(event.error ?? new Error(event.message)));
addEventListener("unhandledrejection", (event) => tell(event.reason));
setWidth();
configure();

function configure() {
  configured = loadConfig(new URL(location.href));
  return configured.catch((error) => {
    configError = error;
    render();
  });
}

/** The answer to the drawing as it is now, once the pen is up. */
function newestAnswer() {
  return !pad.penIsDown && outcome?.result && outcome.revision === drawing.revision ? outcome : null;
}

async function ask({ strokes, picture }) {
  const file = picture ? picture.bytes : await takePicture(structuredClone(strokes));
  const config = await configured;
  const asked_ms = performance.now();
  const result = await recognise(config, file);
  return { result, picture: file, latency_ms: performance.now() - asked_ms };
}

function onKey(event) {
  const action = document.querySelector("dialog[open]") ? undefined : actionOf(event);
  if (action) {
    event.preventDefault();
    act(action);
  }
}

/** Whatever goes wrong with an action is told in words. */
async function act(action) {
  try {
    await actions[action]?.(action);
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
    drawing.picture?.tally?.count(drawing.picture, newest.result);
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

/** Waits for a part of the page that comes when it is wanted, and says so where it does not. */
async function need(part) {
  try {
    return await part;
  } catch (cause) {
    throw new Error("a part of it does not load. Is its own server still running?", { cause });
  }
}

/** A panel or a dialog; in the order of the wishes, which two imports of one module would not keep. */
async function open(name) {
  loading ??= need(import("./panels/panels.js")).finally(() => (loading = null));
  panels = (await loading).panelsOf(page);
  await panels.open(name);
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
    await configure();
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
  const caption = drawing.picture?.tally?.caption(drawing.picture, answer?.result) ?? "";
  show(view, pad, caption, Boolean(answer) && answer.picture === corrected);
  panels?.update();
}
