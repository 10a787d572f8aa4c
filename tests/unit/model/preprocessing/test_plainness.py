"""Plain pictures are told at no cost: one piece of ink on bare paper, nothing ruled, printed or photographed."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.data.rendering import photo
from model.preprocessing.images import GreyImage
from model.preprocessing.levels import ink_by_levels
from model.preprocessing.plainness import is_plain, is_uniform
from tests.drawing import draw_digit


def levels_of(picture: Image.Image) -> GreyImage:
    return np.asarray(picture.convert("L"))


def is_taken_as_plain(grey: GreyImage) -> bool:
    return is_plain(grey, ink_by_levels(grey, is_dark_ink=True))


@pytest.mark.parametrize("digit", [0, 3, 6, 8, 9])
@pytest.mark.parametrize("width", [8, 18, 26])
def test_a_round_digit_on_a_clean_canvas_is_plain(digit: int, width: int) -> None:
    assert is_taken_as_plain(levels_of(draw_digit(digit, width=width)))


def with_line(*ends: float, width: int = 3) -> Callable[[Image.Image], None]:
    return lambda picture: ImageDraw.Draw(picture).line(ends, fill=0, width=width)


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(with_line(40, 232, 240, 232), id="underline that touches no side"),
        pytest.param(with_line(40, 222, 240, 218, width=8), id="line that touches the digit"),
        pytest.param(with_line(0, 250, 280, 250), id="line across the picture"),
        pytest.param(with_line(270, 0, 270, 280), id="margin line"),
        pytest.param(with_line(20, 20, 60, 60, width=12), id="second mark"),
        pytest.param(lambda picture: ImageDraw.Draw(picture).rectangle((2, 2, 277, 277), outline=0), id="frame inside"),
        pytest.param(lambda picture: ImageDraw.Draw(picture).rectangle((0, 0, 279, 279), outline=0), id="border"),
    ],
)
def test_a_canvas_with_a_line_is_not_plain(draw: Callable[[Image.Image], None]) -> None:
    picture = draw_digit(8).convert("L")
    draw(picture)
    assert not is_taken_as_plain(np.asarray(picture))


def test_a_photograph_is_not_plain() -> None:
    ink = 255 - levels_of(draw_digit(3))
    assert not is_taken_as_plain(levels_of(photo(ink, np.random.default_rng(0))))


def test_a_small_scan_is_plain_though_its_ink_runs_to_the_edges() -> None:
    scan = levels_of(draw_digit(2).crop((70, 50, 210, 230)).resize((14, 18), Image.Resampling.BOX))
    assert is_taken_as_plain(scan)


def test_paper_of_one_level_is_uniform() -> None:
    assert is_uniform(np.full((9, 9), 200, np.uint8))
    assert not is_uniform(levels_of(draw_digit(1)))
