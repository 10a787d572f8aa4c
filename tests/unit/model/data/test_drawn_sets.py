"""What networks learn from: seeded, through the one preprocessing, writers kept apart, no blank where no digit is."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from numpy.random import default_rng
from PIL import Image

from model.data.digits import NOT_A_DIGIT, Digits
from model.data.drawn_sets import (
    _draw_nondigits,
    draw_all,
    joined,
    nondigits,
    pen_digits,
    small_scans,
    split_writers,
    validation_pen_digits,
    varied_pen_digits,
)
from model.data.letters import draw_letter
from model.data.nondigits import bare_paper, draw_other
from model.data.parallel import silent
from model.data.pen_strokes import PenDigit
from model.data.rendering import CROP_MARGIN, CROP_SIDE, LINE_STRENGTH, RENDERERS, printed_lines, vary_strokes
from model.data.unseen_nondigits import draw_unseen_nondigit
from model.errors import NoInk
from model.preprocessing.digit import SIDE, digit_image
from tests.drawing import DIGITS, STROKES, draw_digit

PEN_DIGITS = [PenDigit(label, writer, strokes) for writer in range(1, 11) for label, strokes in STROKES.items()]


def test_writers_to_validate_on_are_not_learned_from() -> None:
    training, validation = split_writers(PEN_DIGITS)
    assert len(training) + len(validation) == len(PEN_DIGITS)
    assert {digit.writer for digit in validation} == {1, 6}
    assert not {digit.writer for digit in training} & {1, 6}


@pytest.mark.parametrize(
    "draw",
    [
        partial(varied_pen_digits, PEN_DIGITS[:20], 3),
        partial(pen_digits, PEN_DIGITS[:60], "photographed"),
        partial(nondigits, 60),
        partial(
            small_scans,
            Digits(torch.from_numpy(np.stack([digit_image(draw_digit(d)) for d in DIGITS])), torch.arange(10)),
        ),
    ],
    ids=["varied pen digits", "pen digits", "no digits", "small scans"],
)
def test_the_same_seed_draws_the_same_pictures(draw: Callable[[int], Digits]) -> None:
    first, again, other = draw(1), draw(1), draw(2)
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.labels, again.labels)
    assert not torch.equal(first.images[: len(other)], other.images[: len(first)])
    assert first.images.shape[1:] == (SIDE, SIDE)
    assert first.images.flatten(1).max(dim=1).values.min() > 0


def test_a_digit_taken_for_bare_paper_still_counts_and_no_digit_taken_for_it_does_not() -> None:
    blank = Image.new("L", (9, 9), 255)
    kept = draw_all(lambda _item, _rng: blank, [7], [7], 0, silent)
    assert kept.labels.tolist() == [7]
    assert not kept.images.any()
    assert len(_draw_nondigits(lambda _rng: blank, 3, 0, silent)) == 0


def test_progress_and_labels_follow_the_pictures() -> None:
    counted: list[int] = []
    digits = varied_pen_digits(PEN_DIGITS[:10], 4, 0, counted.append)
    assert sum(counted) == 40
    assert torch.bincount(digits.labels).tolist() == [4] * 10
    assert set(nondigits(30, 0).labels.tolist()) == {NOT_A_DIGIT}
    assert len(joined([digits, digits])) == 80


def test_validation_pictures_are_always_the_same() -> None:
    sets = validation_pen_digits(PEN_DIGITS[:10])
    assert list(sets) == list(RENDERERS)
    assert torch.equal(sets["canvas"].images, validation_pen_digits(PEN_DIGITS[:10])["canvas"].images)


def test_a_canvas_and_its_negative_look_the_same_to_the_network() -> None:
    canvas, inverted = (RENDERERS[name](PEN_DIGITS[3].strokes, default_rng(5)) for name in ("canvas", "white on black"))
    assert (canvas.mode, inverted.mode) == ("RGBA", "L")
    np.testing.assert_allclose(digit_image(canvas).astype(int), digit_image(inverted).astype(int), atol=2)


def test_printed_lines_cross_the_paper_and_are_fainter_than_ink() -> None:
    crossing = []
    for seed in range(20):
        lines = printed_lines(default_rng(seed))
        assert 0 < lines.max() <= 255 * LINE_STRENGTH[1]
        assert (lines > 0).mean() < 0.5
        crossing.append(bool((lines > 0).any(axis=0).all() and (lines > 0).any(axis=1).all()))
    assert 0 < sum(crossing) < 20  # ruled paper and squared


def test_a_cropped_photograph_shows_all_ink_and_little_paper() -> None:
    for seed, digit in enumerate(PEN_DIGITS[:20]):
        picture = RENDERERS["cropped photo"](digit.strokes, default_rng(seed))
        drawn = np.asarray(RENDERERS["canvas"](digit.strokes, default_rng(seed)).getchannel("A"))
        rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        margins = 2 * CROP_MARGIN[1] * max(height, width)
        assert max(picture.size) <= min(CROP_SIDE[1], max(height, width) + margins + 1)
        assert width / (height + margins) < 1.1 * picture.width / picture.height
        assert picture.width / picture.height < 1.1 * (width + margins) / height


def test_varied_strokes_stay_the_same_digit() -> None:
    strokes = PEN_DIGITS[7].strokes
    for seed in range(20):
        varied = vary_strokes(strokes, default_rng(seed))
        assert [len(points) for points in varied] == [len(points) for points in strokes]
        unit = (np.concatenate(strokes) - np.concatenate(strokes).mean(axis=0)).ravel()
        moved = (np.concatenate(varied) - np.concatenate(varied).mean(axis=0)).ravel()
        assert np.corrcoef(unit, moved)[0, 1] > 0.7


@pytest.mark.parametrize("draw", [draw_letter, draw_other, draw_unseen_nondigit])
def test_pictures_of_no_digit_are_of_many_kinds(draw: Callable[[np.random.Generator], Image.Image]) -> None:
    pictures = [draw(default_rng(seed)) for seed in range(60)]
    assert len({picture.tobytes() for picture in pictures}) == 60
    assert len(nondigits(60, 0)) > 50, "few come out blank"


def test_bare_paper_is_blank_whatever_shadow_lies_on_it() -> None:
    assert sum(is_blank(bare_paper(default_rng(seed))) for seed in range(60)) >= 58


def is_blank(picture: Image.Image) -> bool:
    try:
        digit_image(picture)
    except NoInk:
        return True
    return False
