"""Measures the released model on every set and writes a report: accuracy, calibration, mistakes, harm, refusals."""

import argparse
import shlex
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from model.data.digits import PEN_FILE, Digits, load_mnist, load_pen, split
from model.data.evaluation_sets import mnist_test, nondigit_sets, test_sets, validation_sets, what_is_missing
from model.data.training_sets import split_writers
from model.errors import DataError
from model.evaluation.example_pictures import augmented, harmed_examples, mnist_examples, other_examples
from model.evaluation.metrics import Metrics, details, probabilities_of, refusal_curve
from model.evaluation.report import (
    FORMAT,
    METRICS_FILE,
    REPORT_FILE,
    REPORTED,
    Gallery,
    training_history,
    versions,
    write_report,
)
from model.evaluation.robustness import Pictures, robustness, sent_pictures
from model.evaluation.speed import measure_speed
from model.locations import ROOT, RUN_FOLDER
from model.preprocessing.images import GreyImage
from model.recogniser import Recogniser
from release.archive import DEFAULT_ARCHIVE
from release.export import source_commit
from release.open_archive import open_model
from scripts.cli import add_data_option, run
from serving.console import say

HARMED = 1_000  # digits of each set that is harmed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument(
        "--model", type=Path, default=DEFAULT_ARCHIVE, help="a .mar, or a .pt with its .json metadata beside it"
    )
    parser.add_argument("--run-folder", type=Path, default=RUN_FOLDER, help="of its training, for the training curves")
    parser.add_argument("--mnist-only", action="store_true", help="measure on MNIST alone")
    parser.add_argument("--no-pen", action="store_true", help="leave out the pen strokes")
    parser.add_argument("--harmed", type=int, default=HARMED, help="digits of each set that is harmed")
    parser.add_argument("--output", type=Path, default=ROOT / "reports", help="folder for the report and the metrics")
    options = parser.parse_args()
    if options.harmed < 1:
        parser.error(f"--harmed is {options.harmed}; at least 1 is needed")

    recogniser, model = open_model(options.model)
    with_pen = not (options.mnist_only or options.no_pen) and has_pen(options.data)
    sent = sent_pictures(options.data, options.harmed, with_pen=with_pen)
    sets, validation, nondigits = load_sets(options.data, options.mnist_only, with_pen)
    results = {
        "format": FORMAT,
        "made": {
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "command": shlex.join(["python", "scripts/evaluate.py", *sys.argv[1:]]),
            "commit": source_commit(ROOT),
            "versions": versions(),
        },
        "model": model,
        "labels": recogniser.labels,
        **measured(recogniser, sets, validation, nondigits),
        "robustness": harm(recogniser, sent),
        "speed": measure_speed(lambda: open_model(options.model)[0], Image.fromarray(example(sent))),
        "class_counts": class_counts(options.data, sets, with_pen),
        "training": training_history(recogniser.metadata, options.run_folder),
    }
    show(results)
    examples = mnist_examples(options.data)
    if not options.mnist_only:
        examples |= other_examples(options.data, with_pen=with_pen)
    variants = augmented(sets[REPORTED], recogniser.metadata["training"]["config"])
    write_report(options.output, results, Gallery(sets, examples, harmed_examples(example(sent)), variants))
    say(f"{REPORT_FILE} and {METRICS_FILE} written to {options.output}")
    return 0


def has_pen(data: Path) -> bool:
    """Whether the pen strokes are there or can be fetched; where not, says that they are left out, and why."""
    if (data / "pendigits" / PEN_FILE).exists():
        return True
    try:
        load_pen(data)
    except DataError as error:
        say(f"measured without pen strokes: {error}")
        return False
    return True


def load_sets(data: Path, mnist_only: bool, with_pen: bool) -> tuple[dict[str, Digits], list[str], dict[str, Digits]]:
    """All sets of digits, the names of those for validation, and the sets of pictures that show no digit."""
    if mnist_only:
        return {REPORTED: mnist_test(data)}, [REPORTED], {}
    for line in what_is_missing():
        say(line)
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        validation = validation_sets(data, bar.update, with_pen=with_pen)
        return validation | test_sets(data, bar.update), list(validation), nondigit_sets(bar.update)


def measured(
    recogniser: Recogniser, sets: Mapping[str, Digits], validation: list[str], nondigits: Mapping[str, Digits]
) -> dict[str, Any]:
    """Results on every set, and how the validation digits fare beside what is no digit."""
    total = sum(map(len, [*sets.values(), *nondigits.values()]))
    with tqdm(desc="reading", total=total, unit=" pictures", unit_scale=True) as bar:
        read = {name: probabilities_of(recogniser, one.images, bar.update) for name, one in sets.items()}
        doubted = {name: probabilities_of(recogniser, one.images, bar.update) for name, one in nondigits.items()}
    pooled = torch.cat([read[name] for name in validation])
    return {
        "digits": {name: details(read[name], one.labels, recogniser.threshold) for name, one in sets.items()},
        "nondigit_reference": {"sets": validation, "n": len(pooled)},
        "nondigits": {
            name: {"n": len(one), **refusal_curve(pooled, one, recogniser.threshold)} for name, one in doubted.items()
        },
    }


def harm(recogniser: Recogniser, sent: Mapping[str, Pictures]) -> dict[str, Any]:
    """Accuracy under every corruption."""
    total = sum(len(one.pictures) for one in sent.values())
    with tqdm(desc="harming", total=total, unit=" pictures") as bar:
        return robustness(recogniser, sent, bar.update)


def example(sent: Mapping[str, Pictures]) -> GreyImage:
    """The picture that the report shows under every corruption: the first 3 of the last set."""
    last = list(sent.values())[-1]
    labels = last.labels.tolist()
    return np.asarray(last.pictures[labels.index(3) if 3 in labels else 0])


def class_counts(data: Path, sets: Mapping[str, Digits], with_pen: bool) -> dict[str, list[int]]:
    """Digits of each class to learn from and to measure on."""
    training, _ = split(load_mnist(data, train=True))
    labels = {"MNIST, to learn from": training.labels}
    if with_pen:
        writers, _ = split_writers(load_pen(data))
        labels["pen strokes, to learn from"] = torch.tensor([digit.label for digit in writers])
    labels |= {name: digits.labels for name, digits in sets.items()}
    return {name: torch.bincount(one, minlength=10).tolist() for name, one in labels.items()}


def show(results: Mapping[str, Any]) -> None:
    """Print the tables."""
    fields = Metrics.__dataclass_fields__
    metrics = {name: Metrics(**{f: one[f] for f in fields}) for name, one in results["digits"].items()}
    model = results["model"]
    print(f"{model['name']} {model['version']} from {model['file']}, SHA-256 {model['sha256']}\n\n{table(metrics)}\n")
    for name, one in results["nondigits"].items():
        print(f"refused: {one['refused']:.2%} of {name} ({one['n']:,}; area under the curve {one['auroc']:.4f})")
    print(f"\n{harm_table(results['robustness'])}\n")
    for name, one in results["speed"]["a_picture"].items():
        print(f"{name}: {one['median_ms']:.3f} ms a picture on one thread of {results['speed']['machine']}")


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


def harm_table(harmed: Mapping[str, Any]) -> str:
    """Accuracy under each corruption as rows of a Markdown table."""
    severities = range(max(len(one["amounts"]) for one in harmed["corruptions"].values()))
    rows = [f"| accuracy at severity (seed {harmed['seed']}) | {' | '.join(map(str, severities))} |"]
    rows.append("|---|" + "---|" * len(severities))
    for name, one in harmed["sets"].items():
        for corruption in harmed["corruptions"]:
            shares = " | ".join(f"{step['accuracy']:.1%}" for step in one[corruption])
            rows.append(f"| {corruption}, {one['n']:,} of {name} | {shares} |")
    return "\n".join(rows)


if __name__ == "__main__":
    run(main)
