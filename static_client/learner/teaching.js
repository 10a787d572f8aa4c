/** The teaching that this page asked for or found under way: followed until it is over, whatever is open meanwhile. */

import { askLearner } from "./learner_api.js";

const POLL_INTERVAL_MS = 700;
const OVER = ["promoted", "passed", "refused", "failed", "cancelled", "taken back"]; // the last is this page's own

/** Dispatches "change" whenever `teaching.job` or `teaching.error` has changed. */
export const teaching = Object.assign(new EventTarget(), {
  /** @type {import("../types.js").Job | null} the newest */
  job: null,
  /** @type {Error | null} of the last question; it is asked again */
  error: null,
});

let following = false;

/** @returns {boolean} whether a job goes on */
export function isUnderWay() {
  return teaching.job !== null && !OVER.includes(teaching.job.state);
}

/** Asks for a teaching. @param {import("../types.js").Learner} learner @throws {RecogniserError} */
export async function teach(learner) {
  const { job } = await askLearner(learner, "POST", "/retrain", {});
  show(await askLearner(learner, "GET", `/jobs/${job}`));
  follow(learner);
}

/** Finds a teaching that somebody asked for before this page was opened. @throws {RecogniserError} */
export async function findTeaching(learner) {
  const found = (await askLearner(learner, "GET", "/jobs")).find(({ state }) => !OVER.includes(state));
  if (found && !isUnderWay()) {
    show(found);
    follow(learner);
  }
}

/** @throws {RecogniserError} */
export async function cancel(learner) {
  await askLearner(learner, "DELETE", `/jobs/${teaching.job.job}`);
}

/** Lets the version before serve again. @throws {RecogniserError} */
export async function rollBack(learner) {
  await askLearner(learner, "POST", "/rollback");
  show({ ...teaching.job, state: "taken back" });
}

/** Nothing more is to be said of a job that is over. */
export function dismiss() {
  if (!isUnderWay()) {
    show(null);
  }
}

async function follow(learner) {
  if (following) {
    return;
  }
  following = true;
  while (isUnderWay()) {
    await new Promise((done) => setTimeout(done, POLL_INTERVAL_MS));
    try {
      show(await askLearner(learner, "GET", `/jobs/${teaching.job.job}`));
    } catch (error) {
      teaching.error = error;
      teaching.dispatchEvent(new Event("change"));
    }
  }
  following = false;
}

function show(job) {
  teaching.job = job;
  teaching.error = null;
  teaching.dispatchEvent(new Event("change"));
}
