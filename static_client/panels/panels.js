/** Opens panels below the pad, one at a time, and dialogs. Each is loaded when it is first opened. */

import { element, loadStyle } from "./dom.js";

// A browser may remember for ever that a module did not load, so it is asked for once more under a new address.
const again = (path) => () => import(`${new URL(path, import.meta.url)}?${performance.now()}`);

const PANELS = {
  inside: () => import("./look_inside_panel.js").catch(again("./look_inside_panel.js")),
  card: () => import("./model_panel.js").catch(again("./model_panel.js")),
  history: () => import("../corrections/corrections_panel.js").catch(again("../corrections/corrections_panel.js")),
};

const DIALOGS = {
  keys: async (page) => (await page.loadPart(import("../keyboard/shortcuts_dialog.js"))).openShortcuts(page),
  wrong: async (page) => (await page.loadPart(import("../corrections/correction_dialog.js"))).openCorrection(page),
  teach: async (page) => (await page.loadPart(import("../learner/teach_dialog.js"))).openTeaching(page),
};

let panels;

/** @param {import("../types.js").Page} page @returns {Panels} always the same object */
export function panelsOf(page) {
  panels ??= new Panels(page);
  return panels;
}

class Panels {
  #open = null; // name of the panel that is shown
  #wanted = null; // name of the panel that is shown once it is loaded
  /** @type {Record<string, import("../types.js").Panel>} */
  #mounted = {};

  constructor(page) {
    this.page = page;
  }

  /** @param {keyof typeof PANELS | keyof typeof DIALOGS} name of a dialog, or of a panel; an open panel closes */
  async open(name) {
    await (name in DIALOGS ? DIALOGS[name](this.page) : this.#toggle(name));
  }

  async #toggle(name) {
    const opens = this.#wanted !== name;
    this.#wanted = opens ? name : null;
    this.#show(null);
    if (opens) {
      const [{ mount }] = await this.#load(name);
      this.#mounted[name] ??= mount(this.#add(name), this.page);
      if (this.#wanted === name) {
        this.#show(name);
        this.update();
        reveal(document.getElementById(name));
      }
    }
  }

  #add(name) {
    const button = document.querySelector(`[aria-controls=${name}]`);
    const section = element("section", { id: name, class: "panel", "aria-label": button.textContent, hidden: true });
    document.querySelector("main").append(section);
    return section;
  }

  /** Updates the open panel. */
  update() {
    this.#mounted[this.#open]?.update();
  }

  async #load(name) {
    try {
      return await this.page.loadPart(Promise.all([PANELS[name](), loadStyle()]));
    } catch (error) {
      this.#wanted = null;
      throw error;
    }
  }

  #show(name) {
    this.#mounted[this.#open]?.close?.();
    this.#open = name;
    for (const button of document.querySelectorAll("[aria-controls]")) {
      const isOpen = button.getAttribute("aria-controls") === name;
      button.ariaExpanded = String(isOpen);
    }
    for (const panel of document.querySelectorAll(".panel")) {
      panel.hidden = panel.id !== name;
    }
  }
}

/** Scrolls a panel into sight, whole where it fits, and again as its content comes, until the visitor acts. */
function reveal(panel) {
  const observer = new ResizeObserver(() => {
    const block = panel.offsetHeight <= innerHeight ? "nearest" : "start";
    panel.scrollIntoView({ block }); // moves nothing while the panel is hidden
  });
  observer.observe(panel);
  const stop = new AbortController();
  for (const type of ["pointerdown", "wheel", "touchmove", "keydown"]) {
    const onInput = () => {
      observer.disconnect();
      stop.abort();
    };
    addEventListener(type, onInput, { signal: stop.signal, passive: true });
  }
}
