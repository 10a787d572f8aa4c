const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether a URL is on this machine: it needs no network. @param {string} url */
export function isLocal(url) {
  return LOOPBACK.test(new URL(url).hostname);
}

/** An error in words for the person who draws; types.js tells its kinds. */
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
