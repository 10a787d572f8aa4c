"""Builds the sprite of test digits that the page shows at random, with their true labels."""

import argparse
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from model.artifacts import write_atomically
from model.data.digits import Digits, load_mnist
from model.errors import DataError
from model.locations import ROOT
from scripts.cli import add_data_option, run
from serving.console import say

SPRITE, INDEX = "samples.png", "samples.json"
COLUMNS = 20
SEED = 7  # any: the digits are drawn by lot, so that they flatter nobody


@dataclass(frozen=True)
class Index:
    """What the page has to know of the sprite.

    Attributes:
        source: where the digits are from.
        side: of a digit, in px.
        columns: digits in a row of the sprite.
        labels: one character for each digit, row by row.
        numbers: each digit's number in its source, from 0.
    """

    source: str
    side: int
    columns: int
    labels: str
    numbers: list[int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--each", type=int, default=20, metavar="N", help="how many of each digit, 1 to 800")
    parser.add_argument("--output", type=Path, default=ROOT / "static_client", help="folder of the page")
    options = parser.parse_args()
    if not 1 <= options.each <= 800:
        parser.error(f"--each is {options.each}; 1 to 800 are accepted")
    index = build_samples(load_mnist(options.data, train=False), options.each, options.output)
    say(f"{len(index.labels)} test digits written to {options.output / SPRITE} and {INDEX}")
    return 0


def build_samples(digits: Digits, each: int, folder: Path) -> Index:
    """Write `samples.png`, digits dark on white side by side, and `samples.json`; returns what that says.

    Raises:
        DataError: there are fewer than `each` of a digit.
    """
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(SEED))
    chosen = []
    for label in range(10):
        found = order[digits.labels[order] == label][:each]
        if len(found) < each:
            raise DataError(f"there are {len(found)} of the digit {label}, and {each} are asked for")
        chosen.append(found)
    numbers = torch.cat(chosen)
    side = digits.images.shape[-1]
    index = Index(
        source="MNIST test",
        side=side,
        columns=COLUMNS,
        labels="".join(map(str, digits.labels[numbers].tolist())),
        numbers=numbers.tolist(),
    )
    rows = -(-len(numbers) // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, side, side), np.uint8)
    tiles[: len(numbers)] = digits.images[numbers].numpy()
    # (rows, columns, side, side) to one picture of rows * side by columns * side
    sheet = tiles.reshape(rows, COLUMNS, side, side).transpose(0, 2, 1, 3).reshape(rows * side, COLUMNS * side)
    buffer = io.BytesIO()
    Image.fromarray(255 - sheet).save(buffer, "PNG", optimize=True)
    write_atomically(folder / SPRITE, lambda temporary: temporary.write_bytes(buffer.getvalue()))
    write_atomically(folder / INDEX, lambda temporary: temporary.write_text(json.dumps(asdict(index))))
    return index


if __name__ == "__main__":
    run(main)
