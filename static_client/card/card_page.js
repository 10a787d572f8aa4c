/** The page card.html: shows the model card beside it. */

import { element } from "../panels/dom.js";
import { fetchFile } from "../recogniser/page_files.js";
import { parseInline, parseMarkdown } from "./markdown.js";

const CARD = "MODEL_CARD.md";

const article = document.querySelector("article");
try {
  const blocks = parseMarkdown(await (await fetchFile(CARD)).text());
  let heading = "";
  for (const block of blocks) {
    heading = block.kind === "heading" ? block.text : heading;
    article.append(show(block, heading));
  }
  document.title = `${article.querySelector("h1")?.textContent ?? "Model card"} – Handwritten digits`;
} catch {
  article.append(element("p", {}, "There is no model card beside this page."));
}

/** @param {import("./markdown.js").Block} block @param {string} heading above it */
function show(block, heading) {
  switch (block.kind) {
    case "heading":
      return element(`h${block.level}`, { id: idOf(block.text) }, ...inline(block.text));
    case "list":
      return element("ul", {}, ...block.items.map((item) => element("li", {}, ...inline(item))));
    case "table":
      return table(block, heading);
    default:
      return element("p", {}, ...inline(block.text));
  }
}

/** A wide table scrolls in a box of its own, which the keyboard must reach. */
function table({ head, rows }, heading) {
  const hasHead = head.some(Boolean);
  const row = ([name, ...cells]) => [
    element("th", { scope: "row" }, ...inline(name)),
    ...cells.map((cell) => element("td", {}, ...inline(cell))),
  ];
  const names = head.map((name) => element("th", { scope: "col" }, ...inline(name)));
  return element(
    "div",
    { class: "scrolled", tabindex: 0, role: "region", "aria-label": `Table: ${heading}` },
    element(
      "table",
      {},
      ...(hasHead ? [element("thead", {}, element("tr", {}, ...names))] : []),
      element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...row(cells)))),
    ),
  );
}

function inline(text) {
  return parseInline(text).map(({ text: words, as, href }) => {
    if (href) {
      return isUseful(href) ? element("a", { href }, words) : words;
    }
    return as ? element(as, {}, words) : words;
  });
}

/** Paths are of the repository, and lead nowhere from here. */
function isUseful(href) {
  return /^(https?:\/\/|#)/.test(href);
}

/** As GitHub names headings, which the card's links are written for. */
function idOf(heading) {
  return heading.toLowerCase().replaceAll(/[^\p{L}\d\s-]/gu, "").replaceAll(/\s/g, "-");
}
