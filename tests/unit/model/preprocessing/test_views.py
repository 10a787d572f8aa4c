"""Views: a picture in its square, and planes that a shadow or the polarity changes little."""

import numpy as np
import pytest

from model.preprocessing.views import MASK_SIDE, PLANES, VIEW_SIDE, View, planes
from tests.drawing import draw_digit


@pytest.mark.parametrize("size", [(280, 280), (28, 28), (1200, 300), (40, 500), (7, 9), (1, 1), (5, 400)])
def test_a_view_holds_the_whole_picture_at_its_aspect(size: tuple[int, int]) -> None:
    width, height = size
    view = View.of(np.full((height, width), 90, np.uint8))
    assert view.square.shape == (VIEW_SIDE, VIEW_SIDE)
    assert (view.square == 90).all()
    rows, columns = view.rows.stop - view.rows.start, view.columns.stop - view.columns.start
    assert max(rows, columns) == MASK_SIDE
    assert abs(min(rows, columns) - max(1, MASK_SIDE * min(size) / max(size))) <= 0.5


def test_paper_goes_on_beyond_the_edges_of_a_picture() -> None:
    picture = np.tile(np.linspace(0, 255, 60, dtype=np.uint8), (20, 1))
    view = View.of(picture)
    above, first = view.square[: 2 * view.rows.start], view.square[2 * view.rows.start]
    assert (above == first).all()


def test_planes_are_standardised_and_finite_even_for_paper_of_one_level() -> None:
    bare = planes(np.full((VIEW_SIDE, VIEW_SIDE), 200, np.uint8))
    assert bare.shape == (PLANES, MASK_SIDE, MASK_SIDE)
    assert np.abs(bare).max() < 1e-3
    drawn = planes(View.of(np.asarray(draw_digit(4).convert("L"))).square)
    assert np.isfinite(drawn).all()
    assert abs(float(drawn[0].std()) - 1) < 0.05


def test_contrast_is_the_same_in_the_shadow_as_in_the_light() -> None:
    picture = np.asarray(draw_digit(4, ink=60, paper=250).convert("L")).astype(np.float32)
    light, shaded = (planes(View.of(level.astype(np.uint8)).square) for level in (picture, 0.5 * picture))
    assert np.abs(light[1] - shaded[1]).mean() < 0.1
