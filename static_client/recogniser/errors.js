/** What goes wrong between the page and the recogniser, in words for the person who draws. */

/**
 * `message` is shown on the page; `status` is HTTP's. `kind` is one of
 * - "unreachable": no answer came,
 * - "busy": ask again soon,
 * - "refused": not this picture; the next one may pass,
 * - "failed": an error of the server's, or an answer that is not a result,
 * - "configuration": config.json or the query string is wrong.
 */
export class RecogniserError extends Error {
  constructor(kind, message, { status, ...options } = {}) {
    super(message, options);
    this.name = "RecogniserError";
    this.kind = kind;
    this.status = status;
  }
}
