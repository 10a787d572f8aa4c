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

/** @type {Record<string, Promise<void>>} by name */
const styles = {};

/** @param {string} [name] of a file in styles/, by default that of panels and dialogs @returns {Promise<void>} */
export function loadStyle(name = "panels") {
  styles[name] ??= new Promise((done, fail) => {
    const link = element("link", { rel: "stylesheet", href: `styles/${name}.css`, onload: done, onerror: fail });
    document.head.append(link);
  }).catch((error) => {
    delete styles[name]; // the next call tries again
    throw error;
  });
  return styles[name];
}
