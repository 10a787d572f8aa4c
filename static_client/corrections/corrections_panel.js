/** The panel "Corrections": lists them, deletes them, exports them as one zip file. */

import { percent } from "../answer/page_state.js";
import { element } from "../panels/dom.js";
import { exportFiles } from "./corrections_export.js";
import { changes, readAll, remove, removeAll } from "./corrections_store.js";
import { named } from "./correction_words.js";
import { zip } from "./zip.js";

/**
 * @param {HTMLElement} section empty
 * @param {import("../types.js").Page} page
 */
export function mount(section, page) {
  const list = element("ul", { class: "cards", role: "list" });
  const count = element("p", { class: "quiet", role: "status" });
  const buttons = element("div", { class: "row", hidden: true });
  section.append(element("h2", { tabindex: "-1" }, "Corrections"), count, buttons, list);
  let urls = [];
  let isStale = true;
  changes.addEventListener("change", () => {
    isStale = true;
    update();
  });

  /** @param {() => Promise<void>} work its error is shown in the panel */
  async function attempt(work) {
    try {
      await work();
    } catch (error) {
      count.textContent = error.message;
    }
  }

  function update() {
    if (isStale && !section.hidden) {
      isStale = false;
      attempt(async () => show(await readAll()));
    }
  }

  function show(corrections) {
    urls.forEach((url) => URL.revokeObjectURL(url));
    urls = corrections.map(({ picture, mediaType }) => URL.createObjectURL(new Blob([picture], { type: mediaType })));
    count.textContent = describe(corrections);
    buttons.hidden = corrections.length === 0;
    buttons.replaceChildren(
      ...(page.learner ? [element("button", { type: "button", "data-action": "teach" }, "Teach")] : []),
      element("button", { type: "button", onclick: () => attempt(() => save(corrections)) }, "Export as zip"),
      deleteAllButton(corrections.length),
    );
    list.replaceChildren(...corrections.map((correction, i) => card(correction, urls[i])));
  }

  function card({ id, time, answer, correction, refused }, url) {
    const was = named(correction, page.subject);
    const day = new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
    const drop = () => attempt(async () => {
      section.querySelector("h2").focus(); // the focused button is removed
      await remove(id);
      page.announce("Deleted.");
    });
    return element(
      "li",
      {},
      element("img", { src: url, alt: `Drawing of ${was}`, width: 84, height: 84 }),
      element(
        "div",
        {},
        element("p", {}, element("strong", {}, `It was ${was}`)),
        element("p", { class: "quiet" }, `read as ${answer.label}, ${percent(answer.confidence)}`),
        element("p", { class: "quiet" }, `${day}, model ${answer.version ?? "unknown"}`),
        ...(refused ? [element("p", { class: "quiet" }, refused)] : []),
      ),
      element("button", { type: "button", "aria-label": `Delete ${was} of ${day}`, onclick: drop }, "Delete"),
    );
  }

  /** The first click asks, the second deletes; losing the focus cancels. */
  function deleteAllButton(number) {
    const button = element("button", { type: "button", onblur: () => ask(false), onclick }, "Delete all");
    const ask = (isAsking) => {
      button.dataset.asking = String(isAsking);
      button.textContent = isAsking ? `Really delete ${number === 1 ? "it" : `all ${number}`}?` : "Delete all";
    };
    function onclick() {
      if (button.dataset.asking !== "true") {
        ask(true);
        return;
      }
      section.querySelector("h2").focus();
      attempt(removeAll);
    }
    return button;
  }

  return { update };
}

async function save(corrections) {
  const now = new Date();
  const url = URL.createObjectURL(zip(exportFiles(corrections, now.toISOString()), now));
  element("a", { href: url, download: `corrections-${now.toISOString().slice(0, 10)}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the download has begun by then
}

function describe(corrections) {
  const number = corrections.length;
  const sent = corrections.filter(({ accepted }) => accepted).length;
  const where = sent > 0 ? `in this browser; ${sent} went to the learner` : "in this browser, and nowhere else";
  const kept = number === 1 ? `One correction is kept ${where}.` : `${number} corrections are kept ${where}.`;
  const none = "None yet. Where an answer is wrong, say so with “Wrong?” beside it: it is kept in this browser.";
  return number > 0 ? kept : none;
}
