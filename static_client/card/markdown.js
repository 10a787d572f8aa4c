/**
 * Reads the part of Markdown that a model card is written in. Pure.
 *
 * @typedef {{kind: "heading", level: number, text: string}} Heading
 * @typedef {{kind: "paragraph", text: string}} Paragraph
 * @typedef {{kind: "list", items: string[]}} List
 * @typedef {{kind: "table", head: string[], rows: string[][]}} Table
 * @typedef {Heading | Paragraph | List | Table} Block
 * @typedef {{text: string, as?: "code" | "strong", href?: string}} Inline
 */

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** @param {string} markdown @returns {Block[]} */
export function parseMarkdown(markdown) {
  return markdown
    .replaceAll(/^#.*$/gm, "\n$&\n") // a list may follow a heading at once
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map(parseBlock);
}

/** @returns {Block} */
function parseBlock(part) {
  const [, marks, heading] = /^(#{1,6}) +(.*)$/.exec(part) ?? [];
  if (heading) {
    return { kind: "heading", level: marks.length, text: heading };
  }
  if (part.startsWith("- ")) {
    return { kind: "list", items: part.slice(2).split(/\n- /).map(joinLines) };
  }
  if (part.startsWith("|")) {
    const [head, , ...rows] = part.split("\n").map(cellsOf); // the second line only divides
    return { kind: "table", head, rows };
  }
  return { kind: "paragraph", text: joinLines(part) };
}

function joinLines(text) {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

function cellsOf(line) {
  return line.trim().slice(1, -1).split("|").map((cell) => cell.trim());
}

/** @param {string} text of a block @returns {Inline[]} in order; nothing else is markup */
export function parseInline(text) {
  const found = [];
  let end = 0;
  for (const { 0: whole, 1: code, 2: strong, 3: link, 4: href, index } of text.matchAll(INLINE)) {
    found.push({ text: text.slice(end, index) });
    found.push(link ? { text: link, href } : { text: code ?? strong, as: code ? "code" : "strong" });
    end = index + whole.length;
  }
  return [...found, { text: text.slice(end) }].filter((each) => each.text);
}

/**
 * @param {Block[]} blocks
 * @param {string} heading
 * @returns {string} the paragraph that follows it at once, as plain text; empty where there is none
 */
export function sectionIntroduction(blocks, heading) {
  const at = blocks.findIndex(({ kind, text }) => kind === "heading" && text === heading);
  const next = at >= 0 ? blocks[at + 1] : undefined;
  return next?.kind === "paragraph" ? parseInline(next.text).map(({ text }) => text).join("") : "";
}
