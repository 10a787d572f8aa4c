/**
 * The panels below the desk: at most one is open, and each comes to the page when it is first opened.
 *
 * @typedef {object} Page what a panel may know of the page
 * @property {import("./drawing.js").Drawing} drawing
 * @property {() => import("./asker.js").Outcome | null} answer the one to the drawing as it is, while the pen is up
 * @property {() => Promise<import("./config.js").Config>} config rejected where it is wrong
 * @property {(words: string) => void} announce to screen readers
 *
 * @typedef {{update: () => void, close?: () => void}} Panel
 */

import { loadStyle } from "./dom.js";

const MODULES = {
  inside: () => import("./inside.js"),
  card: () => import("./card.js"),
  history: () => import("./history.js"),
};

export class Panels {
  #open = null; // name
  /** @type {Record<string, Panel>} */
  #mounted = {};

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {keyof typeof MODULES} name opened, or closed where it was open */
  async toggle(name) {
    this.#mounted[this.#open]?.close?.();
    this.#open = this.#open === name ? null : name;
    if (this.#open && !this.#mounted[name]) {
      const [{ mount }] = await Promise.all([MODULES[name](), loadStyle()]);
      this.#mounted[name] ??= mount(document.getElementById(name), this.page);
    }
    for (const button of document.querySelectorAll("[data-panel]")) {
      const isOpen = button.dataset.panel === this.#open;
      button.ariaExpanded = String(isOpen);
      document.getElementById(button.dataset.panel).hidden = !isOpen;
    }
    if (this.#open === name) {
      this.update();
      document.getElementById(name).scrollIntoView({ block: "nearest" });
    }
  }

  /** Something has changed: the open panel may want to show it. */
  update() {
    this.#mounted[this.#open]?.update();
  }
}
