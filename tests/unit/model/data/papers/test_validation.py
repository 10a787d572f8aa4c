"""Pictures to measure on: with and without a disturbance the same digit, equally large, at the same place."""

import numpy as np
import pytest

from model.data.digits import NOT_A_DIGIT
from model.data.papers.kinds import KINDS
from model.data.papers.validation import PaperItem, Row, drawer, items_of, rows
from tests.drawing import STROKES

DIGITS = [(strokes, digit) for digit, strokes in STROKES.items()]
DRAW = drawer(DIGITS)


def test_rows_hold_each_kind_once_and_unseen_kinds_apart() -> None:
    *families, unseen = rows()
    assert sorted(kind.name for row in rows() for kind in row.kinds) == sorted(KINDS)
    assert all(kind.is_seen and kind.family == row.name for row in families for kind in row.kinds)
    assert not any(kind.is_seen for kind in unseen.kinds)


@pytest.mark.parametrize("kind", ["underline", "frame", "straight shadow", "waves"])
def test_a_picture_without_its_disturbance_shows_the_same_digit_at_the_same_place(kind: str) -> None:
    for item in items_of(Row("one", [KINDS[kind]]), DIGITS, 5, empty=False):
        disturbed, plain = (
            np.asarray(DRAW(one, np.random.default_rng(0))).astype(int) for one in (item, item.without())
        )
        assert disturbed.shape == plain.shape
        assert not np.array_equal(disturbed, plain)
        assert item.without().label == item.label


def test_empty_papers_are_labelled_as_no_digit_and_show_no_ink() -> None:
    [item] = items_of(Row("one", [KINDS["underline"]]), DIGITS, 1, empty=True)
    assert item.label == NOT_A_DIGIT
    plain = np.asarray(
        DRAW(PaperItem("", item.family, item.source, NOT_A_DIGIT, item.number), np.random.default_rng(0))
    )
    assert np.ptp(plain.astype(int)[8:-8, 8:-8]) < 140
