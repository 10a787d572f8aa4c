"""Builds the sprite of test digits that the page shows at random, with their true labels."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.locations import ROOT
from scripts.cli import add_data_option, run
from serving.console import say


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--each", type=int, default=20, metavar="N", help="how many of each digit, 1 to 800")
    parser.add_argument("--output", type=Path, default=ROOT / "static_client", help="folder of the page")
    options = parser.parse_args()
    if not 1 <= options.each <= 800:
        parser.error(f"--each is {options.each}; 1 to 800 are accepted")

    # Slow to import: --help and a wrong option need none of it.
    from model.data.digits import load_mnist
    from model.data.page_samples import INDEX, SPRITE, build_samples

    index = build_samples(load_mnist(options.data, train=False), options.each, options.output)
    say(f"{len(index.labels)} test digits written to {options.output / SPRITE} and {INDEX}")
    return 0


if __name__ == "__main__":
    run(main)
