"""Measures the released model on every set; reports accuracy, calibration, mistakes, corruptions, refusals."""

import argparse
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.locations import ROOT, RUN_FOLDER
from release.archive import DEFAULT_ARCHIVE
from scripts.cli import add_data_option, run
from serving.console import say

progress_bar = partial(tqdm, unit=" pictures", unit_scale=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument(
        "--model", type=Path, default=DEFAULT_ARCHIVE, help="a .mar, or a .pt with its .json metadata beside it"
    )
    parser.add_argument("--run-folder", type=Path, default=RUN_FOLDER, help="of its training, for the training curves")
    parser.add_argument("--mnist-only", action="store_true", help="measure on MNIST alone")
    parser.add_argument("--no-pen", action="store_true", help="leave out the pen strokes")
    parser.add_argument("--corrupted", type=int, default=1_000, help="digits of each set that is corrupted")
    parser.add_argument("--papers", type=int, default=3_000, help="digits a row of papers; 0 leaves them out")
    parser.add_argument("--output", type=Path, default=ROOT / "reports", help="folder for the report and the metrics")
    options = parser.parse_args()
    if options.corrupted < 1:
        parser.error(f"--corrupted is {options.corrupted}; at least 1 is needed")

    # Slow to import: --help and a wrong option need none of it.
    from PIL import Image

    from model.data.evaluation_sets import what_is_missing
    from model.data.papers.validation import examples as paper_examples
    from model.evaluation import measurement, report
    from model.evaluation.example_pictures import augmented, corrupted_examples, mnist_examples, other_examples
    from model.evaluation.measurement import draw_evaluation_sets, example
    from model.evaluation.paper_page import write_paper_page
    from model.evaluation.papers import measure_papers, pictures_of
    from model.evaluation.robustness import robustness, sent_pictures
    from model.evaluation.speed import measure_speed
    from model.evaluation.tables import summary
    from release.export import source_commit
    from release.open_archive import open_model
    from scripts.data_at_hand import has_pen

    recogniser, model = open_model(options.model)
    measurement.check_reads_digits(recogniser)
    with_pen = not (options.mnist_only or options.no_pen) and has_pen(options.data)
    for line in [] if options.mnist_only else what_is_missing():
        say(line)
    sent = sent_pictures(options.data, options.corrupted, with_pen=with_pen)
    with progress_bar(desc="drawing") as bar:
        sets = draw_evaluation_sets(options.data, bar.update, mnist_only=options.mnist_only, with_pen=with_pen)
    with progress_bar(desc="reading", total=len(sets)) as bar:
        measured = measurement.measure_all(recogniser, sets, bar.update)
    with progress_bar(desc="corrupting", total=sum(len(one.pictures) for one in sent.values())) as bar:
        corrupted = robustness(recogniser, sent, bar.update)
    results = {
        "format": report.FORMAT,
        "made": report.provenance(["python", "scripts/evaluate.py", *sys.argv[1:]], source_commit(ROOT)),
        "model": model,
        "labels": recogniser.labels,
        **measured,
        "robustness": corrupted,
        "speed": measure_speed(
            lambda: open_model(options.model)[0],
            Image.fromarray(example(sent)),
            paper_examples(options.data) if with_pen else None,
        ),
        "class_counts": measurement.class_counts(options.data, sets.digits, with_pen=with_pen),
        "training": report.training_history(recogniser.metadata, options.run_folder),
    }
    if with_pen and options.papers:
        with progress_bar(desc="papers", total=pictures_of(options.papers)) as bar:
            papers = measure_papers(recogniser, options.data, options.papers, bar.update)
        write_paper_page(options.output, papers, results["made"], options.data)
        results["papers"] = {name: one.results() for name, one in papers.items()}
    print(summary(results))
    examples = mnist_examples(options.data)
    if not options.mnist_only:
        examples |= other_examples(options.data, with_pen=with_pen)
    variants = augmented(sets.digits[report.REPORTED], recogniser.metadata["training"]["config"])
    report.write_report(
        options.output, results, report.Gallery(sets.digits, examples, corrupted_examples(example(sent)), variants)
    )
    say(f"{report.REPORT_FILE} and {report.METRICS_FILE} written to {options.output}")
    return 0


if __name__ == "__main__":
    run(main)
