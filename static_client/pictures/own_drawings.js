/** The digits that lie beside the page for people to try: strokes, drawn by a program that imitates a hand. */

import { paint } from "../drawing/paint.js";
import { encodeStrokes } from "../drawing/raster.js";
import { readJson } from "../recogniser/api.js";
import { fetchFile } from "../recogniser/page_files.js";

const FILE = "pictures/drawings.json";
const WIDTH = 14 / 280; // of the pen, in pad units

/**
 * @returns {Promise<import("./samples.js").Sample[]>} in the file's order
 * @throws {Error} the file is missing or broken
 */
export async function loadDrawings() {
  const { side, drawings } = await readJson(await fetchFile(FILE));
  return drawings.map(({ label, strokes: lines }) => {
    const strokes = lines.map((line) => ({ points: pointsOf(line, side), width: WIDTH, erases: false }));
    return { label, open: () => openDrawing(strokes) };
  });
}

/** @param {number[]} line x and y of each point in turn @param {number} side of the pad in their unit */
function pointsOf(line, side) {
  return Array.from({ length: line.length / 2 }, (_, i) => ({ x: line[2 * i] / side, y: line[2 * i + 1] / side }));
}

async function openDrawing(strokes) {
  return {
    paint: (context, colour) => paint(context, { strokes, picture: null }, colour),
    bytes: await encodeStrokes(strokes),
  };
}
