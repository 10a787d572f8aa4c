/** Words for a teaching. Pure. */

const ASK = "What you corrected is taught to the recogniser. It takes about a minute, and it goes on to answer meanwhile.";

/**
 * @param {import("../types.js").Job | null} job
 * @returns {{title: string, text: string, rows: string[]}} `rows` tell what a refused candidate failed
 */
export function verdictWords(job) {
  switch (job?.state) {
    case undefined:
      return { title: "Teach it", text: ASK, rows: [] };
    case "queued":
      return { title: "Teaching", text: "Another teaching is under way; this one waits for its turn.", rows: [] };
    case "running":
      return { title: "Teaching", text: `${capital(job.words)} …`, rows: [] };
    case "promoted":
      return { title: `Taught: version ${job.version}`, text: sentence(job.words), rows: [] };
    case "passed":
      return { title: "Learned", text: `Version ${job.version} is better. Who operates this page may let it answer.`, rows: [] };
    case "refused":
      return { title: "Not taken over", text: refusal(job), rows: failed(job).map(rowWords) };
    case "taken back":
      return { title: "Taken back", text: "The version before answers again. Your corrections are kept.", rows: [] };
    case "cancelled":
      return { title: "Stopped", text: "Nothing was changed. Your corrections are kept.", rows: [] };
    default:
      return { title: "Teaching failed", text: sentence(job.words), rows: [] };
  }
}

function refusal(job) {
  const { right_before: before, right_now: now } = job.verdict;
  const learned = before === undefined ? "" : ` It read ${before} of the corrections before, ${now} after.`;
  return `What was taught would have made something else worse, so the recogniser stays as it was.${learned}`;
}

function failed(job) {
  return (job.verdict.rows ?? []).filter(({ passed }) => !passed);
}

function rowWords({ name, value, bound }) {
  return `${name}: ${value}; accepted is ${bound}`;
}

function sentence(words) {
  return /[.!?]$/.test(words) ? capital(words) : `${capital(words)}.`;
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
