"""The sprite of test digits for the page."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.data.digits import Digits
from model.data.page_samples import COLUMNS, build_samples
from model.errors import DataError


def digits_of(each: int) -> Digits:
    """Digits each of one grey level of its own."""
    count = 10 * each
    levels = torch.arange(count, dtype=torch.uint8)
    return Digits(levels[:, None, None].expand(count, 28, 28).contiguous(), torch.arange(count) % 10)


def test_every_digit_of_the_sprite_is_the_one_that_the_index_says(tmp_path: Path) -> None:
    digits = digits_of(5)
    build_samples(digits, 3, tmp_path)
    index = json.loads((tmp_path / "samples.json").read_text())
    sprite = np.asarray(Image.open(tmp_path / "samples.png"))
    assert index["labels"] == "".join(str(label) * 3 for label in range(10))
    for place, (label, number) in enumerate(zip(index["labels"], index["numbers"], strict=True)):
        row, column = divmod(place, COLUMNS)
        tile = sprite[row * 28 : (row + 1) * 28, column * 28 : (column + 1) * 28]
        assert (tile == 255 - number).all(), "dark on white, from that place of its source"
        assert int(label) == digits.labels[number]
    assert (sprite[28:, 10 * 28 :] == 255).all(), "the rest of the last row is paper"


def test_the_same_digits_give_the_same_sprite(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    build_samples(digits_of(5), 2, tmp_path)
    build_samples(digits_of(5), 2, tmp_path / "again")
    for name in ("samples.png", "samples.json"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_too_few_digits_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there are 5 of the digit 0, and 6 are asked for"):
        build_samples(digits_of(5), 6, tmp_path)
    assert list(tmp_path.iterdir()) == []
