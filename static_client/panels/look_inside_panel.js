/** The panel "Look inside": what the network sees, and why it answers so. Asks only while open, when the pen rests. */

/** @import { Drawing } from "../drawing/drawing.js" */
/** @import { Explanation } from "../recogniser/explanation.js" */

import { named } from "../corrections/correction_words.js";
import { paint } from "../drawing/paint.js";
import { rasterise } from "../drawing/raster.js";
import { explain } from "../recogniser/explanation.js";
import { attributionPixels, inkBox, placeOf } from "./attribution_overlay.js";
import { element } from "./dom.js";

/** Asks only after the drawing has not changed for this long. */
const PAUSE_MS = 250;

const OVERLAY_PX = 336; // side of the canvas that shows the attribution
const SEEN_INK = 64; // of 255; less is a stroke's blurred edge
const RASTER_PX = 112; // side of the raster that the drawn ink is measured on

/**
 * @param {HTMLElement} section empty
 * @param {import("../types.js").Page} page
 */
export function mount(section, page) {
  const parts = build(section);
  let explained = -1; // revision of the drawing that was asked about
  let controller = null;
  let timer;

  function stop() {
    clearTimeout(timer);
    controller?.abort();
    controller = null;
  }

  function update() {
    const answer = page.answer();
    parts.empty.hidden = !page.drawing.isEmpty;
    parts.content.hidden = page.drawing.isEmpty;
    if (!answer || answer.revision === explained) {
      if (!answer) {
        stop();
        explained = -1;
      }
      return;
    }
    stop();
    explained = answer.revision;
    showFacts(parts.facts, answer);
    timer = setTimeout(() => request(answer), PAUSE_MS);
  }

  async function request(answer) {
    const own = new AbortController();
    controller = own;
    try {
      const explanation = await explain(await page.config, answer.picture, own);
      if (controller === own) {
        await showExplanation(parts, explanation, page.drawing);
        showMessage("");
      }
    } catch (error) {
      if (error.name !== "AbortError" && controller === own) {
        parts.figures.hidden = true;
        showMessage(error.status && error.status !== 503 ? `No explanation: ${error.message}` : error.message);
      }
    }
  }

  function showMessage(words) {
    parts.message.textContent = words.replaceAll("`", "");
  }

  return {
    update,
    close() {
      stop();
      explained = -1;
    },
  };
}

function build(section) {
  const parts = {
    empty: element("p", { class: "quiet" }, "Draw, and this shows what the network makes of it."),
    facts: element("dl", { class: "facts" }),
    message: element("p", { role: "status", class: "quiet" }),
    input: element("img", { width: 28, height: 28, alt: "The drawing as the network sees it, 28 by 28 pixels" }),
    overlay: element("canvas", { width: OVERLAY_PX, height: OVERLAY_PX, role: "img" }),
    overlayTitle: element("span"),
    method: element("span", { class: "quiet" }),
    maps: element("div", { class: "maps", role: "img" }),
    mapsTitle: element("h3"),
  };
  parts.figures = element(
    "div",
    { class: "figures", hidden: true },
    element("figure", {}, parts.input, element("figcaption", {}, "What the network sees: 28\u00a0×\u00a028 pixels")),
    element("figure", {}, parts.overlay, element("figcaption", {}, parts.overlayTitle, legend(), parts.method)),
    element("div", { class: "layer" }, parts.mapsTitle, parts.maps),
  );
  parts.content = element("div", {}, parts.facts, parts.message, parts.figures);
  section.append(element("h2", {}, "Look inside"), parts.empty, parts.content);
  return parts;
}

function legend() {
  const sides = ["for", "against"].map((side) => element("span", {}, element("i", { class: side }), `${side} it`));
  return element("span", { class: "legend" }, ...sides);
}

function showFacts(list, { result, latency_ms, picture }) {
  const facts = {
    "Answered in": `${Math.max(1, Math.round(latency_ms))} ms`,
    Sent: `${picture.length.toLocaleString("en")} bytes`,
    Model: `${result.model ?? "unnamed"} ${result.version ?? ""}`,
  };
  const row = ([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
  list.replaceChildren(...Object.entries(facts).map(row));
}

/** @param {Explanation} explanation @param {Drawing} drawing */
async function showExplanation(parts, { input, maps, attribution }, drawing) {
  parts.input.src = input;
  await parts.input.decode();
  showOverlay(parts.overlay, parts.input, attribution.values, drawing);
  parts.overlay.ariaLabel = `Which parts of the drawing spoke for ${attribution.target}, and which against it`;
  parts.overlayTitle.textContent = `What made it ${named(attribution.target)} `;
  parts.method.textContent = attribution.method;
  const size = `${maps.height}\u00a0×\u00a0${maps.width}`;
  parts.mapsTitle.textContent = `${maps.urls.length} feature maps of the ${maps.layer}, ${size}`;
  parts.maps.ariaLabel = parts.mapsTitle.textContent;
  parts.maps.replaceChildren(
    ...maps.urls.map((src) => element("img", { src, alt: "", width: maps.width, height: maps.height })),
  );
  parts.figures.hidden = false;
}

/** Paints the attribution over the pale drawing; for a picture, over what the network sees of it. */
function showOverlay(canvas, input, values, { strokes }) {
  const context = canvas.getContext("2d");
  const side_px = values.length;
  const overlay = new OffscreenCanvas(side_px, side_px);
  overlay.getContext("2d").putImageData(new ImageData(attributionPixels(values), side_px, side_px), 0, 0);
  const seen = inkBox(greyOf(input, side_px), side_px, SEEN_INK);
  const drawn = inkBox(rasterise(strokes, RASTER_PX), RASTER_PX, 0.5);
  context.imageSmoothingEnabled = true;
  if (seen && drawn) {
    paint(context, { strokes, picture: null }, getComputedStyle(canvas).color);
    const { x, y, side } = placeOf(seen, drawn, side_px);
    const scale = OVERLAY_PX / RASTER_PX;
    context.drawImage(overlay, x * scale, y * scale, side * scale, side * scale);
  } else {
    context.imageSmoothingEnabled = false;
    context.drawImage(input, 0, 0, OVERLAY_PX, OVERLAY_PX);
    context.drawImage(overlay, 0, 0, OVERLAY_PX, OVERLAY_PX);
  }
}

/** @returns {Uint8ClampedArray} grey levels in [0, 255], row by row */
function greyOf(image, side_px) {
  const context = new OffscreenCanvas(side_px, side_px).getContext("2d");
  context.drawImage(image, 0, 0, side_px, side_px);
  return context.getImageData(0, 0, side_px, side_px).data.filter((_, i) => i % 4 === 0);
}
