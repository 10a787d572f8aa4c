"""Builds the sprite of test digits that the page shows at random, with their true labels."""

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from model.artifacts import write_atomically
from model.data.digits import Digits
from model.errors import DataError

SPRITE, INDEX = "samples.png", "samples.json"
COLUMNS = 20
SEED = 7  # any seed will do: it only makes the choice random and repeatable


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


def build_samples(digits: Digits, each: int, folder: Path) -> Index:
    """Write `samples.png`, digits dark on white side by side, and `samples.json`; returns what that says.

    Raises:
        DataError: there are fewer than `each` of a digit.
    """
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(SEED))
    chosen = []
    for label in range(int(digits.labels.max()) + 1):
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
