const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** @param {string} url @returns {boolean} whether it is on this machine: no network is needed, the visitor runs it */
export function isLocal(url) {
  return LOOPBACK.test(new URL(url).hostname);
}

/**
 * An error in words for the person who draws. `status` is HTTP's. `kind` is "unreachable" (no answer), "busy" (ask
 * again soon), "refused" (not possible as it is), "failed" (a server error, or no result) or "configuration" (nothing
 * changes before somebody changes the page's settings or address).
 */
export class RecogniserError extends Error {
  constructor(kind, message, { status, ...options } = {}) {
    super(message, options);
    this.name = "RecogniserError";
    this.kind = kind;
    this.status = status;
  }
}

/** @param {Error} cause no answer came, and nothing more is known */
export function unreachable(cause) {
  const offline = "This device is offline. The drawing stays and will be read.";
  const words = navigator.onLine ? "The recogniser can’t be reached right now." : offline;
  return new RecogniserError("unreachable", words, { cause });
}
