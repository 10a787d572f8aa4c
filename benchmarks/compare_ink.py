"""Compares three ways to the digit's ink on the papers of `make evaluate`: by levels, classical, and as released.

All three feed the released network. Progress goes to stderr, the table to stdout and to a file.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.random import default_rng
from PIL import Image
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from benchmarks.classical_ink import classical_ink
from benchmarks.results import Conditions
from model.artifacts import write_atomically
from model.data.papers.validation import PaperItem, drawer, items_of, rows, validation_digits
from model.data.parallel import map_chunks
from model.errors import NoInk
from model.evaluation.papers import PaperReadings
from model.locations import RELEASED, ROOT, data_folder
from model.preprocessing.digit import SIDE, digit_of
from model.preprocessing.flattening import flatten
from model.preprocessing.images import MAX_SIDE, GreyImage, shrunk
from model.preprocessing.ink import find_ink
from model.preprocessing.levels import ink_by_levels
from model.preprocessing.polarity import has_dark_ink
from model.recogniser import Recogniser
from release.archive import LABELS
from serving.console import run, say

RESULTS = ROOT / "benchmarks" / "results" / "ink.md"
CHUNK = 32


def ink_by_levels_alone(picture: Image.Image) -> GreyImage:
    """What stands out from the paper by its grey levels, whatever it is: the way before there was a network."""
    grey, seen_dark = flatten(picture)
    small = shrunk(grey, MAX_SIDE)
    return ink_by_levels(small, has_dark_ink(small) if seen_dark is None else seen_dark)


WAYS: dict[str, Callable[[Image.Image], GreyImage]] = {
    "by levels alone": ink_by_levels_alone,
    "classical": classical_ink,
    "released": find_ink,
}


def seen_by_each(draw: Callable[..., Image.Image], _: int, items: list[PaperItem]) -> list[GreyImage]:
    """What the recogniser sees of each picture by each way, uint8 (3, 28, 28); black where there is no ink."""
    pictures = [draw(item, default_rng()) for item in items]
    return [np.stack([seen(way, picture) for way in WAYS.values()]) for picture in pictures]


def seen(way: Callable[[Image.Image], GreyImage], picture: Image.Image) -> GreyImage:
    try:
        return digit_of(way(picture))
    except NoInk:
        return np.zeros((SIDE, SIDE), np.uint8)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data",
        type=Path,
        default=data_folder(),
        help="folder of MNIST/raw and pendigits (default: DIGITS_DATA, else data)",
    )
    parser.add_argument("--papers", type=int, default=540, help="digits of each row (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table (default: %(default)s)")
    options = parser.parse_args()
    if options.papers < 1:
        parser.error(f"--papers is {options.papers}; at least 1 is needed")

    digits, recogniser = validation_digits(options.data), Recogniser.load_folder(RELEASED, LABELS)
    chosen = [items_of(row, digits, options.papers, empty=empty) for row in rows() for empty in (False, True)]
    items = [item for part in chosen for item in part]
    with tqdm(total=len(items), desc="papers", unit=" pictures") as bar:
        pictures = map_chunks(partial(seen_by_each, drawer(digits)), items, CHUNK, bar.update)
    parts = torch.from_numpy(np.stack(pictures)).split([len(part) for part in chosen])
    here = Conditions.here_and_now(seconds=0, warm_up_s=0)
    lines = [
        "# Three ways to the digit's ink",
        "",
        f"{here.machine}, {here.date}, commit {here.commit}; {options.papers} digits a row: right (refused); as many "
        "empty papers: refused.",
        "",
        "| papers | " + " | ".join(f"{way} | empty" for way in WAYS) + " |",
        "|---" * (1 + 2 * len(WAYS)) + "|",
    ]
    for number, row in enumerate(rows()):
        cells = []
        for way in range(len(WAYS)):
            written, empty = (
                PaperReadings.of(chosen[i], parts[i][:, way], recogniser) for i in (2 * number, 2 * number + 1)
            )
            shares = written.shares()
            cells += [f"{shares['right']:.1%} ({shares['refused']:.1%})", f"{empty.shares()['refused']:.1%}"]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    write_atomically(options.output, lambda file: file.write_text(text, encoding="utf-8"))
    say(f"written: {options.output}")
    return 0


if __name__ == "__main__":
    run(main)
