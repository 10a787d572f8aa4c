/** Makes elements for panels and dialogs, and loads their style. Strings become text, never markup. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] names that begin with "on" are event listeners; null and false are
 *   left out
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== false) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children);
  return made;
}

let styled;

/** @returns {Promise<void>} resolved when the style of panels and dialogs is loaded */
export function loadStyle() {
  styled ??= new Promise((done, fail) => {
    const link = element("link", { rel: "stylesheet", href: "styles/panels.css", onload: done, onerror: fail });
    document.head.append(link);
  }).catch((error) => {
    styled = undefined; // the next call tries again
    throw error;
  });
  return styled;
}
