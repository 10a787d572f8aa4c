/** Makes elements, for the parts of the page that are built when they are first wanted. Text is always only text. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] event listeners where they begin with "on"; null and false are left out
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

/** @returns {Promise<void>} resolved when the style of panels and dialogs, which the first look does without, is there */
export function loadStyle() {
  styled ??= new Promise((done, fail) => {
    document.head.append(element("link", { rel: "stylesheet", href: "styles/panels.css", onload: done, onerror: fail }));
  }).catch((error) => {
    styled = undefined; // the next wish tries again
    throw error;
  });
  return styled;
}
