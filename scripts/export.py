"""Exports a checkpoint to TorchScript with its metadata, and to ONNX, checked against the network it comes from."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import METADATA_FILE, MODEL_FILE
from model.data.digits import load_mnist
from model.data.evaluation_sets import nondigit_sets, test_sets, validation_sets, what_is_missing
from model.data.own_classes import TEST, VALIDATION
from model.locations import RELEASED, ROOT, RUN_FOLDER
from model.training.checkpoints import load_checkpoint
from model.training.pictures import check_pictures
from release.export import export, source_commit
from release.onnx_export import ONNX_FILE, export_onnx
from scripts.cli import add_data_option, run
from scripts.training_options import add_own_classes_options, own_classes_of
from serving.console import say


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="The temperature and the rejection threshold are fitted on the validation digits; the test digits are "
        "only measured.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_data_option(parser)
    add_own_classes_options(parser)
    parser.add_argument("--checkpoint", type=Path, default=RUN_FOLDER / "best.pt", help="what to export")
    parser.add_argument(
        "--output", type=Path, default=RELEASED, help=f"folder for {MODEL_FILE}, {METADATA_FILE} and {ONNX_FILE}"
    )
    parser.add_argument("--onnx-only", action="store_true", help=f"only write {ONNX_FILE}, of the network in --output")
    options = parser.parse_args()

    if options.onnx_only:
        print(export_onnx(options.output, load_mnist(options.data, train=False).images))
        return 0
    own = own_classes_of(parser, options)
    checkpoint = load_checkpoint(options.checkpoint)
    check_pictures(checkpoint, own)
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        if own:
            validation, test = own.to_measure(VALIDATION, bar.update), own.to_measure(TEST, bar.update)
        else:
            learned_pen = checkpoint["config"]["pen_variants"] > 0
            validation = validation_sets(options.data, bar.update, with_pen=learned_pen)
            test = test_sets(options.data, bar.update)
        refuses_letters = own is None or checkpoint["config"]["nondigit_kinds"] == "all"
        nondigits = nondigit_sets(bar.update, with_letters=refuses_letters)
    for line in [] if own else what_is_missing():
        say(line)
    labels, commit = own.labels if own else (), source_commit(ROOT)
    metadata = export(checkpoint, validation, test, nondigits, options.output, labels=labels, commit=commit)
    onnx = export_onnx(options.output, next(iter(validation.values())).images)
    for name, metrics in metadata["metrics"].items():
        print(f"{name}: {metrics['accuracy']:.2%} of {metrics['n']:,}, {metrics['refused']:.2%} refused")
    for name, share in metadata["refused_nondigits"].items():
        print(f"{name}: {share:.2%} refused")
    print(options.output / MODEL_FILE)
    print(onnx)
    return 0


if __name__ == "__main__":
    run(main)
