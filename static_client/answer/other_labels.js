/** Fits the page to a recogniser of other labels than the ten digits, which index.html is written for. */

import { element, loadStyle } from "../panels/dom.js";
import { RecogniserError } from "../recogniser/errors.js";

/** What the page calls one of them. */
const SUBJECT = "symbol";

/**
 * @param {unknown} labels of `config.json`, in the order of their bars
 * @returns {Promise<string>} what one of them is called
 * @throws {RecogniserError} kind "configuration": they are not a list of names
 */
export async function showLabels(labels) {
  if (!Array.isArray(labels) || !labels.every((label) => label && typeof label === "string")) {
    throw new RecogniserError("configuration", `The labels ${JSON.stringify(labels)} are not a list of names.`);
  }
  await loadStyle("labels");
  for (const each of document.querySelectorAll("title, h1, .hint")) {
    each.textContent = each.textContent.replace("digit", SUBJECT);
  }
  const bars = document.getElementById("bars");
  bars.classList.toggle("many", labels.length > 10);
  document.body.style.setProperty("--letters", Math.max(...labels.map((label) => label.length)));
  bars.replaceChildren(
    ...labels.map((label) => element("li", {}, element("b", {}, label), element("i"), element("span"))),
  );
  document.getElementById("sample").hidden = true; // those beside the page are digits
  return SUBJECT;
}
