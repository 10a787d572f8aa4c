/** Reads what the model panel shows from model.json (the release's metadata). Pure. */

/** The set whose figure is shown; a release that lacks it shows its first one. */
const SET = "MNIST test";

/**
 * @param {unknown} metadata content of model.json
 * @returns {[string, string][]} at most four names and values; facts missing in the file are left out
 */
export function modelFacts(metadata) {
  const { architecture, torchscript, version, created } = metadata ?? {};
  const facts = {
    "Read right": accuracy(metadata?.metrics ?? {}),
    Parameters: architecture?.parameters && number(architecture.parameters),
    Size: torchscript?.bytes && `${(torchscript.bytes / 1e6).toFixed(1)} MB`,
    Version: version && `${version}${created ? `, made ${created.slice(0, 10)}` : ""}`,
  };
  return Object.entries(facts).filter(([, value]) => value);
}

function accuracy(metrics) {
  const name = SET in metrics ? SET : Object.keys(metrics)[0];
  const { n, accuracy: share } = metrics[name] ?? {};
  const isKnown = Number.isFinite(n) && Number.isFinite(share);
  return isKnown && `${(100 * share).toFixed(2)}% of ${number(n)} (${name})`;
}

function number(value) {
  return Number(value).toLocaleString("en");
}
