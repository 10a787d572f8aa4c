/**
 * An error in words for the person who draws. `status` is HTTP's. `kind` is "unreachable" (no answer), "busy" (ask
 * again soon), "refused" (not possible as it is), "failed" (a server error, or no result) or "configuration".
 */
export class RecogniserError extends Error {
  constructor(kind, message, { status, ...options } = {}) {
    super(message, options);
    this.name = "RecogniserError";
    this.kind = kind;
    this.status = status;
  }
}
