"""The kinds of disturbance: a third is kept from training, each changes the picture, none the exact ink."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.random import default_rng

from model.data.papers.camera import take_picture
from model.data.papers.kinds import FAMILIES, KINDS, seen_kinds
from model.data.papers.scenes import blank_sheet, place_ink, training_scene
from model.data.papers.sheet import Sheet
from model.data.papers.subjects import Handwriting, ink_of
from tests.drawing import STROKES

HAND = Handwriting(list(STROKES.values()), [], np.zeros((0, 28, 28), np.uint8))


def sheet_of(digit: int | None, seed: int, side: int = 192) -> Sheet:
    rng = default_rng(seed)
    sheet = blank_sheet(HAND, rng, side)
    if digit is not None:
        place_ink(sheet, ink_of(STROKES[digit], side // 2, rng), at_middle=True)
    return sheet


def test_at_least_a_third_of_the_kinds_is_kept_from_training() -> None:
    assert 3 * len(seen_kinds()) <= 2 * len(KINDS)
    assert {kind.family for kind in KINDS.values()} == set(FAMILIES)
    assert {kind.family for kind in KINDS.values() if not kind.is_seen} == set(FAMILIES)


def test_training_never_draws_a_kind_that_is_kept_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    for name, kind in KINDS.items():
        monkeypatch.setitem(KINDS, name, replace(kind, add=partial(_note, drawn, name)))
    for seed in range(600):
        training_scene(HAND, default_rng(seed))
    assert set(drawn) == {kind.name for kind in seen_kinds()}


def _note(drawn: list[str], name: str, _sheet: Sheet) -> None:
    drawn.append(name)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("digit", [8, None])
def test_a_kind_changes_the_picture_the_same_way_for_the_same_seed(name: str, digit: int | None) -> None:
    pictures = []
    for seed in (0, 0, 1, 2, 3):
        sheet = sheet_of(digit, seed)
        KINDS[name].add(sheet)
        pictures.append(take_picture(sheet, default_rng(9))[0])
    plain = [take_picture(sheet_of(digit, seed), default_rng(9))[0] for seed in (0, 0, 1, 2, 3)]
    assert np.array_equal(pictures[0], pictures[1])
    changed = [not np.array_equal(*pair) for pair in zip(pictures, plain, strict=True)]
    assert any(changed) or digit is None or KINDS[name].family == "writing"


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_leaves_the_exact_ink_as_it_was(name: str) -> None:
    sheet = sheet_of(3, seed=5)
    ink = sheet.ink.copy()
    KINDS[name].add(sheet)
    assert np.array_equal(sheet.ink, ink)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_can_be_drawn_large_and_around_ink_that_fills_the_picture(name: str) -> None:
    for side, seed in ((700, 1), (192, 2)):
        sheet = sheet_of(2, seed, side)
        sheet.ink[:] = 255 * (seed == 2)
        KINDS[name].add(sheet)
        picture, ink = take_picture(sheet, default_rng(0))
        assert picture.shape == ink.shape == (side, side)


def test_a_tilted_sheet_keeps_the_digit_in_view_and_its_ink_follows() -> None:
    for seed in range(20):
        sheet = sheet_of(0, seed)
        sheet.pen, sheet.paper[:] = 0.0, 1.0
        KINDS["perspective"].add(sheet)
        picture, ink = take_picture(sheet, default_rng(0))
        assert np.abs(picture.astype(int) + ink - 255).mean() < 2
        assert abs(int(ink.astype(int).sum()) / int(sheet.ink.astype(int).sum()) - 1) < 0.6
