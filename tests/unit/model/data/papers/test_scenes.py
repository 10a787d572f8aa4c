"""Scenes to learn from: seeded, with the exact ink, of every size, tight and empty ones among them."""

import numpy as np
from numpy.random import default_rng

from model.data.papers.camera import take_picture
from model.data.papers.scenes import SIDE, blank_sheet, place_ink, training_scene
from model.data.papers.subjects import Handwriting, enlarged, ink_of
from model.preprocessing.images import border_of
from tests.drawing import STROKES, draw_digit

HAND = Handwriting(list(STROKES.values()), list(STROKES.values()), np.zeros((0, 28, 28), np.uint8))


def test_the_same_seed_draws_the_same_scene() -> None:
    one, same, other = (training_scene(HAND, default_rng(seed)) for seed in (4, 4, 5))
    assert np.array_equal(one[0], same[0])
    assert np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


def test_scenes_are_of_every_size_tight_and_empty_ones_among_them() -> None:
    inks = [training_scene(HAND, default_rng(seed))[1] for seed in range(300)]
    longest = [max(np.ptp(np.argwhere(ink > 127), axis=0) + 1) / max(ink.shape) if ink.any() else 0.0 for ink in inks]
    assert 0.04 < np.mean([share == 0 for share in longest]) < 0.14
    assert min(share for share in longest if share) < 0.08
    assert max(longest) == 1
    touching = [border_of(ink).max() > 127 for ink in inks]
    assert 0.05 < np.mean(touching) < 0.3


def test_the_ink_of_a_scene_is_exactly_what_is_darker_than_clean_paper() -> None:
    rng = default_rng(0)
    sheet = blank_sheet(HAND, rng, SIDE)
    sheet.paper[:], sheet.pen = 1.0, 0.0
    place_ink(sheet, ink_of(STROKES[5], 100, rng), at_middle=False)
    picture, ink = take_picture(sheet, rng)
    assert np.abs(picture.astype(int) + ink - 255).max() <= 1


def test_drawn_ink_has_the_length_that_was_asked_for() -> None:
    for digit in STROKES:
        assert abs(max(ink_of(STROKES[digit], 90, default_rng(digit)).shape) - 90) <= 2


def test_an_enlarged_scan_keeps_its_aspect_and_has_sharp_edges() -> None:
    scan = 255 - np.asarray(draw_digit(7).convert("L").resize((28, 28)))
    large = enlarged(scan, 120)
    assert abs(max(large.shape) - 122) <= 2
    assert np.mean((large > 25) & (large < 230)) < 0.2
