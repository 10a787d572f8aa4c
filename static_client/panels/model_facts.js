/** Reads what the model panel shows from model.json (the release's metadata) and MODEL_CARD.md. Pure. */

/**
 * @param {unknown} metadata content of model.json
 * @returns {[string, string][]} name and value; facts missing in the file are left out
 */
export function modelFacts(metadata) {
  const { architecture, torchscript, model, version, created, commit, preprocessing } = metadata ?? {};
  const facts = {
    Model: model && `${model} ${version ?? ""}`,
    Network: architecture?.network && `${architecture.network}, ${number(architecture.parameters)} parameters`,
    Size: torchscript?.bytes && `${(torchscript.bytes / 1e6).toFixed(1)} MB of TorchScript`,
    Made: created && `${created.slice(0, 10)}${commit ? `, commit ${commit.slice(0, 8)}` : ""}`,
    Preprocessing: preprocessing?.version && `version ${preprocessing.version}`,
  };
  return Object.entries(facts).filter(([, value]) => value);
}

/**
 * @param {unknown} metadata content of model.json
 * @returns {{name: string, pictures: string, accuracy: string, interval: string}[]} one row for each set
 */
export function accuracyRows(metadata) {
  return Object.entries(metadata?.metrics ?? {})
    .filter(([, { n, accuracy }]) => Number.isFinite(n) && Number.isFinite(accuracy))
    .map(([name, { n, accuracy, interval }]) => ({
      name,
      pictures: number(n),
      accuracy: share(accuracy),
      interval: interval?.length === 2 ? `${share(interval[0])} to ${share(interval[1])}` : "",
    }));
}

/**
 * @param {string} markdown
 * @param {string} heading of the second level
 * @returns {string[]} the items of the lists below it, as plain text
 */
export function listItems(markdown, heading) {
  const section = markdown.split(/^## /m).find((part) => part.split("\n", 1)[0].trim() === heading) ?? "";
  return section
    .split(/^- /m)
    .slice(1)
    .map((item) => item.split(/\n\n/, 1)[0].replaceAll(/\s+/g, " ").replaceAll(/[`*]/g, "").trim());
}

function share(value) {
  return `${(100 * value).toFixed(2)}%`;
}

function number(value) {
  return Number(value).toLocaleString("en");
}
