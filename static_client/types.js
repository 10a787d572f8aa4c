/**
 * The types of what the modules hand to each other, for readers and editors; the browser never loads this file.
 *
 * Lengths on the pad are in pad units: the pad's side is 1, (0, 0) is its top left corner, y points down.
 *
 * @import { Drawing } from "./drawing/drawing.js"
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, erases: boolean}} Pen width in pad units; an eraser removes ink
 * @typedef {Pen & {points: Point[]}} Stroke parts outside the pad are neither shown nor sent
 *
 * @typedef {object} Picture a photograph, a file or a test digit, shown instead of strokes
 * @property {Uint8Array<ArrayBuffer>} bytes the file that is sent
 * @property {string} mediaType of the bytes
 * @property {(context: CanvasRenderingContext2D, colour: string) => void} paint on the pad; colour is the ink's
 * @property {"picture" | "sample"} kind
 * @property {string} [label] the digit it shows, where known
 * @property {(result?: Result) => void} answered what was read in it; nothing after an error
 * @property {(result?: Result) => string} caption below the pad, for the answer that is shown
 *
 * @typedef {object} Config where the recogniser is
 * @property {string} endpoint absolute URL without a slash at its end
 * @property {string} model its name, or name/version
 * @property {string} [token] sent as a bearer token
 * @property {unknown} [labels] of the model, where they are not the ten digits: a list of names
 * @property {unknown} [samples] true where `make samples` has built its sprite beside the page
 * @property {Learner} [learner] what learns from corrections, where there is one
 *
 * @typedef {{endpoint: string, token?: string}} Learner a relative endpoint is relative to the page; without a token of
 *   its own it takes the recogniser's
 *
 * @typedef {"unreachable" | "busy" | "refused" | "failed" | "configuration"} ErrorKind of a RecogniserError: no answer; ask
 *   again soon; not possible as it is; a server error, or no result; nothing changes before somebody changes the page's
 *   settings or address
 *
 * @typedef {object} Job a teaching, as the learner tells it
 * @property {number} job
 * @property {string} state
 * @property {number} progress in [0, 1]
 * @property {string} words what is done now, or how it ended
 * @property {string | null} version what came of it
 * @property {{right_before?: number, right_now?: number, rows?: {name: string, value: string, bound: string, passed: boolean}[]}} verdict
 *
 * @callback ParseConfig throws a RecogniserError of the kind "configuration"
 * @param {Record<string, unknown>} file content of config.json
 * @param {Record<string, string>} overrides of the query string
 * @param {URL} pageUrl a relative endpoint is relative to it
 * @returns {Config}
 *
 * @typedef {object} Result the recogniser's answer
 * @property {string} label
 * @property {number} confidence in [0, 1]
 * @property {boolean} recognised false: probably none of the labels
 * @property {Record<string, number>} probabilities of every label, in [0, 1]
 * @property {[number, number, number, number]} [ink] x, y, width and height of what was read, in the picture's pixels
 * @property {string} model
 * @property {string} version
 *
 * @typedef {object} Outcome of one request: a result or an error
 * @property {number} revision of the drawing that was sent
 * @property {Result} [result]
 * @property {Uint8Array<ArrayBuffer>} [picture] the file that was sent
 * @property {number} [latency_ms] from request to answer
 * @property {Error & {kind?: string}} [error]
 * @property {boolean} willRetry the page sends the same drawing again by itself
 *
 * @callback Ask asks the recogniser; rejects with a RecogniserError
 * @param {Config} config
 * @param {"predictions" | "explanations"} what
 * @param {Uint8Array<ArrayBuffer>} picture an image file
 * @param {AbortSignal} signal
 * @returns {Promise<unknown>} the answer's JSON; undefined where it is not JSON
 *
 * @typedef {object} SchedulerOptions
 * @property {Drawing} drawing
 * @property {(drawing: Drawing) => Promise<Partial<Outcome>>} ask sends the drawing as it is now
 * @property {(outcome: Outcome) => void} onOutcome not called for a drawing that was cleared meanwhile
 *
 * @typedef {object} PadListeners
 * @property {() => void} onInk the drawn stroke has changed
 * @property {() => void} onLift it has ended
 * @property {(strokes: Stroke[]) => boolean} isBlank whether no ink is visible
 *
 * @callback CreatePad
 * @param {HTMLCanvasElement} canvas square; its CSS `color` is the ink's
 * @param {Drawing} drawing
 * @param {PadListeners} listeners
 *
 * @typedef {object} Saved the correction of an answer
 * @property {Uint8Array<ArrayBuffer>} picture that was sent
 * @property {string} words "Saved: 7"
 * @property {() => Promise<void>} undo
 *
 * @typedef {object} PageFacts what the page's state depends on
 * @property {Drawing} drawing
 * @property {boolean} penIsDown no doubts are shown before the stroke is complete
 * @property {Outcome | null} outcome the newest one; null after the pad was empty
 * @property {Result | null} held shown until the drawing is complete and answered
 * @property {boolean} retryRequested "Try again" was clicked, and there is no outcome yet
 * @property {Error | null} configError
 * @property {string} subject what a label is called: "digit", say
 * @property {Error | null} pageError an error of the page itself, shown until the drawing changes; never instead of an
 *   answer
 *
 * @typedef {object} PageState what the page shows
 * @property {"idle" | "asking" | "answered" | "unsure" | "error"} state
 * @property {Result} [result] the newest, shown as bars
 * @property {string} [answer] the digit, or "?"
 * @property {string} [rival] the next likely one, where the lead is small
 * @property {number} [confidence] of the answer, in [0, 1]; none beside "?"
 * @property {string} words the status message, empty where all is well; text in backticks is code
 * @property {boolean} [canRetry]
 *
 * @callback RenderPage
 * @param {PageState} state
 * @param {ReturnType<typeof import("./drawing/pad.js").createPad>} pad
 * @param {string} captionText for the pad's picture
 * @param {string} savedText says how this answer was corrected; empty where it was not
 * @param {boolean} canTeach a learner takes corrections
 *
 * @typedef {object} Page what panels and dialogs use of the page
 * @property {Drawing} drawing
 * @property {() => Outcome | null} answer to the drawing as it is; null while the pen is down
 * @property {Promise<Config>} config rejected where it is wrong
 * @property {string} subject what a label is called: "digit", say
 * @property {(words: string) => void} announce to screen readers
 * @property {(error: Error) => void} showError in the page's status message
 * @property {(saved: Saved) => void} onSaved
 * @property {Required<Learner>} [learner] known once `config` is
 * @property {() => void} askAgain asks for the drawing as it is
 * @property {<T>(part: Promise<T>) => Promise<T>} loadPart a module or style; rejected in words where it does not load
 *
 * @typedef {{update: () => void, close?: () => void}} Panel
 */

export {};
