"""Exports a checkpoint to TorchScript with its metadata, checked against the network it comes from."""

import argparse
from pathlib import Path

from tqdm import tqdm

from model.artifacts import METADATA_FILE, MODEL_FILE
from model.data.evaluation_sets import nondigit_sets, test_sets, validation_sets, what_is_missing
from model.locations import RELEASED, ROOT, RUN_FOLDER
from model.training.checkpoints import load_checkpoint
from release.export import export, source_commit
from scripts.cli import add_data_option, run
from serving.console import say


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="The temperature and the rejection threshold are fitted on the validation digits; the test digits are "
        "only measured.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_data_option(parser)
    parser.add_argument("--checkpoint", type=Path, default=RUN_FOLDER / "best.pt", help="what to export")
    parser.add_argument("--output", type=Path, default=RELEASED, help=f"folder for {MODEL_FILE} and {METADATA_FILE}")
    options = parser.parse_args()

    checkpoint = load_checkpoint(options.checkpoint)
    with tqdm(desc="drawing", unit=" pictures", unit_scale=True) as bar:
        validation = validation_sets(options.data, bar.update)
        nondigits = nondigit_sets(bar.update)
        test = test_sets(options.data, bar.update)
    for line in what_is_missing():
        say(line)
    metadata = export(checkpoint, validation, test, nondigits, options.output, commit=source_commit(ROOT))
    for name, metrics in metadata["metrics"].items():
        print(f"{name}: {metrics['accuracy']:.2%} of {metrics['n']:,}, {metrics['refused']:.2%} refused")
    for name, share in metadata["refused_nondigits"].items():
        print(f"{name}: {share:.2%} refused")
    print(options.output / MODEL_FILE)
    return 0


if __name__ == "__main__":
    run(main)
