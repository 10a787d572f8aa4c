"""Measures the released model on every set: accuracy, calibration, what it refuses; and draws what it gets wrong."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from tqdm import tqdm

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, write_json
from model.benchmarks import nondigit_sets, test_sets, validation_sets
from model.datasets import Digits
from model.evaluation import Metrics, measure, refused_share, report, save_confusion_matrix, save_mistakes
from model.inference import EVALUATION_BATCH, standardise, to_ink
from model.recogniser import Recogniser
from scripts.cli import RELEASED, ROOT, add_data_option, run
from scripts.terminal import say

REPORTED = "MNIST test"  # the set whose report, confusion matrix and mistakes are shown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--model", type=Path, default=RELEASED / MODEL_FILE, help=f"with its {METADATA_FILE} beside it")
    parser.add_argument("--mnist-only", action="store_true", help="measure on MNIST's test digits alone")
    parser.add_argument("--output", type=Path, default=ROOT / "reports", help="folder for metrics and pictures")
    options = parser.parse_args()

    recogniser = Recogniser.load(options.model, options.model.with_suffix(".json"), ROOT / LABELS_FILE)
    sets, nondigits = load_sets(options.data, options.mnist_only)
    probabilities = {name: probabilities_of(recogniser, digits, name) for name, digits in sets.items()}
    metrics = {name: measure(probabilities[name], sets[name].labels, recogniser.threshold) for name in sets}
    refused = {
        name: refused_share(probabilities_of(recogniser, pictures, name), recogniser.threshold)
        for name, pictures in nondigits.items()
    }
    predicted = probabilities[REPORTED].argmax(dim=1)
    print(f"{options.model}\n\n{table(metrics)}\n")
    for name, share in refused.items():
        print(f"refused of {name}: {share:.2%} of {len(nondigits[name]):,}")
    print(f"\n{REPORTED}:\n{report(predicted, sets[REPORTED].labels, recogniser.labels)}")

    options.output.mkdir(parents=True, exist_ok=True)
    results = {"digits": {name: asdict(one) for name, one in metrics.items()}, "refused_nondigits": refused}
    write_json(options.output / "metrics.json", results)
    labels = sets[REPORTED].labels
    save_confusion_matrix(predicted, labels, recogniser.labels, options.output / "confusion_matrix.png")
    save_mistakes(sets[REPORTED], probabilities[REPORTED], recogniser.labels, options.output / "mistakes.png")
    say(f"metrics.json, confusion_matrix.png and mistakes.png written to {options.output}")
    return 0


def load_sets(data: Path, mnist_only: bool) -> tuple[dict[str, Digits], dict[str, Digits]]:
    """The sets of digits and of pictures that show none."""
    tests = test_sets(data)
    if mnist_only:
        return {REPORTED: tests[REPORTED]}, {}
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        return tests | validation_sets(data, bar.update), nondigit_sets(bar.update)


def probabilities_of(recogniser: Recogniser, digits: Digits, name: str) -> torch.Tensor:
    """Calibrated probabilities float32 (N, 10) of pictures as the network sees them, with a progress bar."""
    batches = tqdm(digits.images.split(EVALUATION_BATCH), desc=name, unit=" pictures", unit_scale=EVALUATION_BATCH)
    return torch.cat([torch.from_numpy(recogniser.probabilities(standardise(to_ink(b)).numpy())) for b in batches])


def table(metrics: Mapping[str, Metrics]) -> str:
    """The sets as rows of a Markdown table."""
    rows = [
        "| set | digits | accuracy (95% interval) | loss | calibration error, 15 bins | refused |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in metrics.items():
        low, high = one.interval
        rows.append(
            f"| {name} | {one.n:,} | {one.accuracy:.2%} ({low:.2%} to {high:.2%}) | {one.loss:.4f} "
            f"| {one.expected_calibration_error:.2%} | {one.refused:.2%} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    run(main)
