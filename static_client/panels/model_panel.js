/** The panel "The model": four facts, its limits in one sentence, and a link to the whole card. */

import { parseMarkdown, sectionIntroduction } from "../card/markdown.js";
import { readJson } from "../recogniser/api.js";
import { fetchFile } from "../recogniser/page_files.js";
import { element } from "./dom.js";
import { modelFacts } from "./model_facts.js";

const METADATA = "model.json";
const CARD = "MODEL_CARD.md";
const CARD_PAGE = "card.html";

/** @param {HTMLElement} section empty */
export function mount(section) {
  const content = element("div", {});
  section.append(element("h2", {}, "The model"), content);
  let loaded = null;
  return {
    update() {
      loaded ??= load(content).catch(() => {
        loaded = null; // opening it again tries again
        const words = "This page has no description of its model.";
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
  const limits = sectionIntroduction(parseMarkdown(card), "Limits");
  content.replaceChildren(
    element("dl", { class: "facts" }, ...modelFacts(metadata).map(fact)),
    ...(limits ? [element("p", {}, limits)] : []),
    ...(card ? [element("p", {}, element("a", { href: CARD_PAGE }, "The whole model card"))] : []),
  );
}

/** @returns {Promise<string>} empty where there is none: the panel shows the facts alone */
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
