/** Why no answer came: browsers tell a page only that it failed, so this looks closer. */

const PROBE_DEADLINE_MS = 2000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** @param {string} endpoint an absolute URL @returns {boolean} whether it is on this very machine */
export function isLoopback(endpoint) {
  return LOOPBACK.test(new URL(endpoint).hostname);
}

/**
 * @param {string} endpoint that a request to has just failed
 * @returns {Promise<"offline" | "forbidden" | "origin" | "down">} forbidden: by this page's security policy; origin: it
 *   answers, but this page is not allowed to see it
 */
export async function diagnose(endpoint) {
  if (!navigator.onLine && !isLoopback(endpoint)) {
    return "offline";
  }
  let forbidden = false;
  const notice = () => (forbidden = true);
  document.addEventListener("securitypolicyviolation", notice);
  try {
    // An answer to this may not be read by any page, and so needs nobody's leave: that it comes says enough.
    const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
    await fetch(`${endpoint}/ping`, { mode: "no-cors", credentials: "omit", cache: "no-store", signal });
    return "origin";
  } catch {
    await new Promise((done) => setTimeout(done)); // the violation is told after the failure
    return forbidden ? "forbidden" : "down";
  } finally {
    document.removeEventListener("securitypolicyviolation", notice);
  }
}
