// The files that lie beside the page.

/**
 * @param {string} name relative to the page
 * @returns {Promise<Response>} never from the cache without asking whether it is current
 * @throws {Error} where there is no such file
 */
export async function fetchFile(name) {
  const response = await fetch(name, { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`${name}: HTTP ${response.status}`);
  }
  return response;
}
