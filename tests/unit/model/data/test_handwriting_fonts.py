"""Handwriting fonts: digits and letters of another origin, and a word where there are none."""

from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from numpy.random import default_rng

from model.data import evaluation_sets as benchmarks
from model.data.handwriting_fonts import VARIANTS, digit_items, letter_items, write
from model.preprocessing.digit import digit_image

FONT = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


def test_every_digit_of_every_font_is_written_equally_often() -> None:
    items = digit_items([FONT, "another.ttf"])
    assert Counter(items) == {(font, str(d)): VARIANTS for font in (FONT, "another.ttf") for d in range(10)}


def test_letters_come_evenly_from_all_fonts() -> None:
    items = letter_items(["one.ttf", "two.ttf"], 200)
    assert len(items) == 200
    assert abs(2 * sum(font == "one.ttf" for font, _ in items) - 200) < 64
    assert letter_items([], 200) == []


def test_the_same_chance_writes_the_same_picture_and_another_bends_it_otherwise() -> None:
    first, again, other = (digit_image(write((FONT, "5"), default_rng(seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_machine_without_the_fonts_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarks, "installed_fonts", list)
    [line] = benchmarks.what_is_missing()
    assert "apt-get install fonts-" in line
