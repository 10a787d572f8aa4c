import assert from "node:assert/strict";
import { test } from "node:test";

import { parseInline, parseMarkdown, sectionIntroduction } from "../../../static_client/card/markdown.js";

const CARD = `# Card

Reads a digit,
and doubts.

## Data
- One \`thing\`
  and more.
- Two.

| set | read |
|---|---|
| all | **99%** |

## Limits

It reads [one](#data) at a time.

- Three.
`;

test("headings, paragraphs, lists and tables are told apart", () => {
  assert.deepEqual(parseMarkdown(CARD), [
    { kind: "heading", level: 1, text: "Card" },
    { kind: "paragraph", text: "Reads a digit, and doubts." },
    { kind: "heading", level: 2, text: "Data" },
    { kind: "list", items: ["One `thing` and more.", "Two."] },
    { kind: "table", head: ["set", "read"], rows: [["all", "**99%**"]] },
    { kind: "heading", level: 2, text: "Limits" },
    { kind: "paragraph", text: "It reads [one](#data) at a time." },
    { kind: "list", items: ["Three."] },
  ]);
  assert.deepEqual(parseMarkdown("| | |\n|---|---|\n| a | b |"), [{ kind: "table", head: ["", ""], rows: [["a", "b"]] }]);
  assert.deepEqual(parseMarkdown(""), []);
});

test("code, bold words and links are told from other words, and tags stay words", () => {
  assert.deepEqual(parseInline("a `b` **c** [d](e.md) <i>"), [
    { text: "a " },
    { text: "b", as: "code" },
    { text: " " },
    { text: "c", as: "strong" },
    { text: " " },
    { text: "d", href: "e.md" },
    { text: " <i>" },
  ]);
});

test("a section is introduced by the paragraph right after its heading", () => {
  const blocks = parseMarkdown(CARD);
  assert.equal(sectionIntroduction(blocks, "Limits"), "It reads one at a time.");
  assert.equal(sectionIntroduction(blocks, "Data"), "");
  assert.equal(sectionIntroduction(blocks, "Licence"), "");
});
