/** The panel "The model": its facts, accuracy, training data and limits. */

import { readJson } from "../recogniser/api.js";
import { fetchFile } from "../recogniser/page_files.js";
import { element } from "./dom.js";
import { accuracyRows, listItems, modelFacts } from "./model_facts.js";

const METADATA = "model.json";
const CARD = "MODEL_CARD.md";

/** @param {HTMLElement} section empty */
export function mount(section) {
  const content = element("div", {});
  section.append(element("h2", {}, "The model"), content);
  let loaded = null;
  return {
    update() {
      loaded ??= load(content).catch(() => {
        loaded = null; // opening it again tries again
        const words = "This page's server has no description of the model. The project's model card has it.";
        content.replaceChildren(element("p", { class: "quiet", role: "status" }, words));
      });
    },
  };
}

async function load(content) {
  const [metadata, card] = await Promise.all([fetchFile(METADATA).then(readJson), fetchCard()]);
  if (!metadata) {
    throw new Error(`${METADATA} is not JSON`);
  }
  const lists = ["Data", "Limits"].map((heading) => [heading, listItems(card, heading)]);
  content.replaceChildren(
    element("dl", { class: "facts" }, ...modelFacts(metadata).map(fact)),
    table(accuracyRows(metadata)),
    ...lists.filter(([, items]) => items.length > 0).flatMap(([heading, items]) => [
      element("h3", {}, heading),
      element("ul", {}, ...items.map((item) => element("li", {}, item))),
    ]),
    ...(card ? [element("p", {}, element("a", { href: CARD }, "The whole model card"))] : []),
  );
}

/** @returns {Promise<string>} empty where there is none: the panel shows the numbers alone */
async function fetchCard() {
  try {
    return await (await fetchFile(CARD)).text();
  } catch {
    return "";
  }
}

function fact([name, value]) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function table(rows) {
  const head = ["Set", "Pictures", "Read right", "95% interval"].map((name) => element("th", { scope: "col" }, name));
  const body = rows.map(({ name, pictures, accuracy, interval }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...[pictures, accuracy, interval].map((text) => element("td", {}, text)),
    ),
  );
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
}
