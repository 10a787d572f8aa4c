/**
 * The panels below the desk: at most one is open, and each comes to the page when it is first opened.
 *
 * @typedef {object} Page what a panel may know of the page
 * @property {import("./drawing.js").Drawing} drawing
 * @property {() => import("./asker.js").Outcome | null} answer the one to the drawing as it is, while the pen is up
 * @property {() => Promise<import("./config.js").Config>} config rejected where it is wrong
 * @property {(words: string) => void} announce to screen readers
 * @property {(error: Error) => void} tell what went wrong, where everybody sees it
 * @property {(answer: import("./asker.js").Outcome, words: string) => void} kept the answer's correction
 *
 * @typedef {{update: () => void, close?: () => void}} Panel
 */

import { loadStyle, need } from "./dom.js";

const MODULES = {
  inside: () => import("./inside.js"),
  card: () => import("./card.js"),
  history: () => import("./history.js"),
};

export class Panels {
  #open = null; // name
  #wish = null; // name of the one that is to open once it is there
  /** @type {Record<string, Panel>} */
  #mounted = {};

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {keyof typeof MODULES} name opened, or closed where it was open */
  async toggle(name) {
    const opens = this.#wish !== name;
    this.#wish = opens ? name : null;
    this.#show(null);
    if (opens) {
      const [{ mount }] = await this.#load(name);
      const section = document.getElementById(name);
      this.#mounted[name] ??= mount(section, this.page);
      if (this.#wish === name) {
        this.#show(name);
        this.update();
        section.scrollIntoView({ block: "nearest" });
      }
    }
  }

  /** Something has changed: the open panel may want to show it. */
  update() {
    this.#mounted[this.#open]?.update();
  }

  async #load(name) {
    try {
      return await need(Promise.all([MODULES[name](), loadStyle()]));
    } catch (error) {
      this.#wish = null;
      throw error;
    }
  }

  #show(name) {
    this.#mounted[this.#open]?.close?.();
    this.#open = name;
    for (const button of document.querySelectorAll("[data-panel]")) {
      const isOpen = button.dataset.panel === name;
      button.ariaExpanded = String(isOpen);
      document.getElementById(button.dataset.panel).hidden = !isOpen;
    }
  }
}
