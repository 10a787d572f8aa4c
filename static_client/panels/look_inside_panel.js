/** The panel that shows what the network makes of a drawing. Asks only while it is open, and only in the pen's pauses. */

import { paint } from "../drawing/paint.js";
import { rasterise } from "../drawing/raster.js";
import { explain } from "../recogniser/explanation.js";
import { attributionPixels, inkBox, placeOf } from "./attribution_overlay.js";
import { element } from "./dom.js";

/** So long the drawing must have been left as it is: somebody who goes on drawing has no eye for this. */
const PAUSE_MS = 250;

const OVERLAY_PX = 336; // side of the canvas that shows the attribution
const SEEN_INK = 64; // of 255; less is the blur around a stroke
const RASTER_PX = 112; // side of the raster on which the drawn ink is found

/**
 * @param {HTMLElement} section empty
 * @param {import("../types.js").Page} page
 */
export function mount(section, page) {
  const parts = build(section);
  let explained = -1; // revision
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
    const mine = new AbortController();
    controller = mine;
    try {
      const explanation = await explain(await page.config(), answer.picture, mine);
      if (controller === mine) {
        await showExplanation(parts, explanation, page.drawing);
        tell("");
      }
    } catch (error) {
      if (error.name !== "AbortError" && controller === mine) {
        parts.figures.hidden = true;
        tell(error.status && error.status !== 503 ? `No explanation: ${error.message}` : error.message);
      }
    }
  }

  function tell(words) {
    parts.words.textContent = words.replaceAll("`", "");
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
    empty: element("p", { class: "quiet" }, "Draw a digit, and this shows what the network makes of it."),
    facts: element("dl", { class: "facts" }),
    words: element("p", { role: "status", class: "quiet" }),
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
  parts.content = element("div", {}, parts.facts, parts.words, parts.figures);
  section.append(element("h2", {}, "Look inside"), parts.empty, parts.content);
  return parts;
}

function legend() {
  const [pro, contra] = ["for", "against"].map((side) => element("span", {}, element("i", { class: side }), `${side} it`));
  return element("span", { class: "legend" }, pro, contra);
}

function showFacts(list, { result, latency_ms, picture }) {
  const facts = {
    "Answered in": `${Math.max(1, Math.round(latency_ms))} ms`,
    Sent: `${picture.length.toLocaleString("en")} bytes`,
    Model: `${result.model ?? "unnamed"} ${result.version ?? ""}`,
  };
  const rows = Object.entries(facts).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  list.replaceChildren(...rows);
}

/** @param {import("../recogniser/explanation.js").Explanation} explanation @param {import("../drawing/drawing.js").Drawing} drawing */
async function showExplanation(parts, { input, maps, attribution }, drawing) {
  parts.input.src = input;
  await parts.input.decode();
  showOverlay(parts.overlay, parts.input, attribution.values, drawing);
  parts.overlay.ariaLabel = `Which parts of the drawing spoke for ${attribution.target}, and which against it`;
  parts.overlayTitle.textContent = `What spoke for ${attribution.target} `;
  parts.method.textContent = attribution.method;
  parts.mapsTitle.textContent = `${maps.urls.length} feature maps of the ${maps.layer}, ${maps.height}\u00a0×\u00a0${maps.width}`;
  parts.maps.ariaLabel = parts.mapsTitle.textContent;
  parts.maps.replaceChildren(
    ...maps.urls.map((src) => element("img", { src, alt: "", width: maps.width, height: maps.height })),
  );
  parts.figures.hidden = false;
}

/** The drawing, pale, and over it the attribution; where a picture was sent, what the network saw of it instead. */
function showOverlay(canvas, input, values, { strokes }) {
  const context = canvas.getContext("2d");
  const side_px = values.length;
  const heat = new OffscreenCanvas(side_px, side_px);
  heat.getContext("2d").putImageData(new ImageData(attributionPixels(values), side_px, side_px), 0, 0);
  const seen = inkBox(greyOf(input, side_px), side_px, SEEN_INK);
  const drawn = inkBox(rasterise(strokes, RASTER_PX), RASTER_PX, 0.5);
  context.imageSmoothingEnabled = true;
  if (seen && drawn) {
    paint(context, { strokes, picture: null }, getComputedStyle(canvas).color);
    const { x, y, side } = placeOf(seen, drawn, side_px);
    const scale = OVERLAY_PX / RASTER_PX;
    context.drawImage(heat, x * scale, y * scale, side * scale, side * scale);
  } else {
    context.imageSmoothingEnabled = false;
    context.drawImage(input, 0, 0, OVERLAY_PX, OVERLAY_PX);
    context.drawImage(heat, 0, 0, OVERLAY_PX, OVERLAY_PX);
  }
}

/** @returns {Uint8Array} the picture's grey levels, row by row */
function greyOf(image, side_px) {
  const context = new OffscreenCanvas(side_px, side_px).getContext("2d");
  context.drawImage(image, 0, 0, side_px, side_px);
  return context.getImageData(0, 0, side_px, side_px).data.filter((_, i) => i % 4 === 0);
}
