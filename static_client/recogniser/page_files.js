// The files that lie beside the page.

/**
 * @param {string} name relative to the page
 * @returns {Promise<Response>} asked for anew, in case the file has changed
 * @throws {Error} where there is no such file
 */
export async function fetchFile(name) {
  const response = await fetch(name, { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(`${name}: HTTP ${response.status}`);
  }
  return response;
}
