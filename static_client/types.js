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
 * @typedef {object} SchedulerOptions
 * @property {Drawing} drawing
 * @property {(drawing: Drawing) => Promise<Partial<Outcome>>} ask sends the drawing as it is now
 * @property {(outcome: Outcome) => void} onOutcome not called for a drawing that was cleared meanwhile
 *
 * @typedef {object} PageFacts what the page's state depends on
 * @property {Drawing} drawing
 * @property {boolean} penIsDown no doubts are shown before the stroke is complete
 * @property {Outcome | null} outcome the newest one; null after the pad was empty
 * @property {boolean} retryRequested "Try again" was clicked, and there is no outcome yet
 * @property {Error | null} configError
 * @property {string} subject what a label is called: "digit", say
 * @property {Error | null} pageError an error of the page itself; shown until the drawing changes
 *
 * @typedef {object} PageState what the page shows
 * @property {"idle" | "asking" | "answered" | "unsure" | "error"} state
 * @property {Result} [result] shown as the answer; while asking, the previous one
 * @property {string} words the status message, empty where all is well; text in backticks is code
 * @property {boolean} [canRetry]
 *
 * @typedef {object} Page what panels and dialogs use of the page
 * @property {Drawing} drawing
 * @property {() => Outcome | null} answer to the drawing as it is; null while the pen is down
 * @property {Promise<Config>} config rejected where it is wrong
 * @property {string} subject what a label is called: "digit", say
 * @property {(words: string) => void} announce to screen readers
 * @property {(error: Error) => void} showError in the page's status message
 * @property {(answer: Outcome, words: string) => void} onKept a correction of this answer is kept
 * @property {<T>(part: Promise<T>) => Promise<T>} loadPart a module or style; rejected in words where it does not load
 *
 * @typedef {{update: () => void, close?: () => void}} Panel
 */

export {};
