/** The list of shortcuts. */

import { element, loadStyle, need } from "./dom.js";
import { useSingleKeys, usesSingleKeys } from "./settings.js";
import { SHORTCUTS, keyCaps } from "./shortcuts.js";

/** @param {HTMLDialogElement} dialog filled when it is opened first */
export async function openKeys(dialog) {
  await need(loadStyle());
  if (!dialog.firstChild) {
    dialog.append(
      element("h2", { id: "keys-title" }, "Keyboard"),
      element("dl", { class: "keys" }, ...SHORTCUTS.flatMap(row)),
      choice(),
      element("form", { method: "dialog" }, element("button", { autofocus: true }, "Close")),
    );
  }
  dialog.showModal();
}

function row(shortcut) {
  const ways = keyCaps(shortcut).map((caps) => element("span", {}, ...caps.map((cap) => element("kbd", {}, cap))));
  return [element("dt", {}, ...ways), element("dd", {}, shortcut.words)];
}

/** Speech input and restless hands set single keys off unasked (WCAG 2.1.4). */
function choice() {
  const box = element("input", {
    type: "checkbox",
    checked: usesSingleKeys(),
    onchange: (event) => useSingleKeys(event.target.checked),
  });
  return element("label", { class: "choice" }, box, "Use keys without Ctrl too");
}
