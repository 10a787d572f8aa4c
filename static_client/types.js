/**
 * The shapes of what the modules hand to each other, for those who read and write them; no browser loads this file.
 *
 * Lengths on the pad are in pad units: 1 is the pad's side, (0, 0) its top left corner, y points down.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, erases: boolean}} Pen width in pad units; an eraser takes ink away instead of leaving some
 * @typedef {Pen & {points: Point[]}} Stroke may leave the pad; what lies outside is not seen and not sent
 *
 * @typedef {object} Picture a photograph, a file or a test digit, in the place of strokes
 * @property {Uint8Array<ArrayBuffer>} bytes the file that is sent
 * @property {string} mediaType of the bytes
 * @property {(context: CanvasRenderingContext2D, colour: string) => void} paint on the pad, whose ink has this colour
 * @property {"picture" | "sample"} kind
 * @property {string} [label] what the picture shows, where that is known
 * @property {import("./pictures/sample_score.js").SampleScore} [score] counts how those with a label are read
 *
 * @typedef {object} Config where the recogniser is
 * @property {string} endpoint absolute URL without a slash at its end
 * @property {string} model its name, or name/version
 * @property {string} [token] sent as a bearer token
 *
 * @typedef {object} Result the recogniser's answer
 * @property {string} label
 * @property {number} confidence in [0, 1]
 * @property {boolean} recognised false: probably not a digit
 * @property {Record<string, number>} probabilities of every label, in [0, 1]
 * @property {string} model
 * @property {string} version
 *
 * @typedef {object} Outcome what came of asking about one revision of the drawing
 * @property {number} revision
 * @property {Result} [result] where it was answered
 * @property {Uint8Array<ArrayBuffer>} [picture] the file that was answered
 * @property {number} [latency_ms] from question to answer
 * @property {Error & {kind?: string}} [error] where it was not
 * @property {boolean} willRetry the same drawing will be asked about again without anybody's doing
 *
 * @typedef {object} SchedulerOptions what the request scheduler needs
 * @property {import("./drawing/drawing.js").Drawing} drawing
 * @property {(drawing: import("./drawing/drawing.js").Drawing) => Promise<Partial<Outcome>>} ask about what it shows now
 * @property {(outcome: Outcome) => void} onOutcome not called for a drawing that has been cleared since
 *
 * @typedef {object} PageFacts what the page's state depends on
 * @property {import("./drawing/drawing.js").Drawing} drawing
 * @property {boolean} penIsDown doubts about an unfinished stroke are not worth a word yet
 * @property {Outcome | null} outcome the newest one since the pad was empty
 * @property {boolean} retryRequested at the person's wish, after an error
 * @property {Error | null} configError
 * @property {Error | null} pageError of what the page itself could not do, until there is something new to say
 *
 * @typedef {object} PageState what the page shows
 * @property {"idle" | "asking" | "answered" | "unsure" | "error"} state
 * @property {Result} [result] what to show as the answer; while asking, the one before
 * @property {string} words what is wrong, empty where nothing is; `make serve` in backticks is code
 * @property {boolean} [canRetry]
 *
 * @typedef {object} Page what a panel or dialog may know of the page
 * @property {import("./drawing/drawing.js").Drawing} drawing
 * @property {() => Outcome | null} answer the one to the drawing as it is, while the pen is up
 * @property {() => Promise<Config>} config rejected where it is wrong
 * @property {(words: string) => void} announce to screen readers
 * @property {(error: Error) => void} showError what went wrong, where everybody sees it
 * @property {(answer: Outcome, words: string) => void} onKept the answer's correction
 * @property {<T>(part: Promise<T>) => Promise<T>} loadPart for a part of the page, rejected in words where it does not come
 *
 * @typedef {{update: () => void, close?: () => void}} Panel
 */

export {};
