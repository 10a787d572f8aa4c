"""Corruptions: none at severity 0, stronger along the severities, the same each time, measured on the whole way."""

import numpy as np
import pytest
import torch
from PIL import Image

from model.evaluation.corruptions import CORRUPTIONS, corrupt, corrupted, paper_of, rng_for_picture
from model.evaluation.robustness import Pictures, flat, robustness, sample
from model.locations import RELEASED, ROOT
from model.preprocessing.digit import digit_image
from model.preprocessing.images import GreyImage
from model.recogniser import Recogniser
from tests.drawing import draw_digit

CANVAS: GreyImage = np.asarray(draw_digit(5))
LIGHT_ON_DARK: GreyImage = np.asarray(draw_digit(5, size=(28, 28), box=(6, 4, 14, 20), width=2.5, ink=255, paper=0))
PICTURES = pytest.mark.parametrize("picture", [CANVAS, LIGHT_ON_DARK], ids=["canvas", "light on dark"])
EACH = pytest.mark.parametrize("name", CORRUPTIONS)


def ladder(picture: GreyImage, name: str) -> list[GreyImage]:
    return [corrupt(picture, name, s, rng_for_picture(1)) for s in range(len(CORRUPTIONS[name].amounts) + 1)]


def ink(picture: GreyImage) -> float:
    """Sum of what differs from the paper, in full pixels."""
    return float(np.abs(picture.astype(float) - paper_of(picture)).sum()) / 255


@EACH
@PICTURES
def test_severity_0_is_the_identity_and_every_other_corrupts(picture: GreyImage, name: str) -> None:
    before = picture.copy()
    untouched, *others = ladder(picture, name)
    assert np.array_equal(untouched, before)
    for one in others:
        assert one.dtype == np.uint8
        assert one.shape != before.shape or not np.array_equal(one, before)
    assert np.array_equal(picture, before)


@EACH
def test_the_same_rng_corrupts_the_same_way(name: str) -> None:
    assert np.array_equal(corrupt(CANVAS, name, 3, rng_for_picture(7)), corrupt(CANVAS, name, 3, rng_for_picture(7)))


@EACH
def test_the_amounts_rise(name: str) -> None:
    amounts = CORRUPTIONS[name].amounts
    assert list(amounts) == sorted(set(amounts))
    assert amounts[0] > 0


@EACH
@PICTURES
def test_the_paper_keeps_its_side_of_grey(picture: GreyImage, name: str) -> None:
    for one in ladder(picture, name):
        assert (paper_of(one) > 127) == (paper_of(picture) > 127)


@PICTURES
def test_each_corruption_corrupts_more_along_its_severities(picture: GreyImage) -> None:
    spread = [one[:2].std() for one in ladder(picture, "noise")]
    assert spread == sorted(spread)
    left = [abs(one.astype(float) - paper_of(picture)).max() for one in ladder(picture, "contrast")]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 12 < left[-2]  # the last is below what the preprocessing calls ink
    sharpness = [float(abs(np.diff(one.astype(float), axis=1)).max()) for one in ladder(picture, "blur")]
    assert sharpness[1:] == sorted(sharpness[1:], reverse=True)
    cut_off = [ink(one) for one in ladder(picture, "shift")]
    assert cut_off[-1] < cut_off[0] * 1.02
    for name, sign in (("thicker", 1), ("thinner", -1)):
        shares = [ink(one) / one.size for one in ladder(picture, name)[1:]]
        assert [sign * share for share in shares] == sorted(sign * share for share in shares)


def test_a_turned_picture_loses_no_ink() -> None:
    for one in ladder(CANVAS, "rotation"):
        assert ink(one) == pytest.approx(ink(CANVAS), rel=0.02)


def test_unknown_corruption_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="'rain'; known: noise, blur"):
        corrupt(CANVAS, "rain", 1, rng_for_picture(0))
    with pytest.raises(ValueError, match="severity is 6; noise has 0 to 5"):
        corrupt(CANVAS, "noise", 6, rng_for_picture(0))


def test_processes_see_what_one_would() -> None:
    pictures = [CANVAS, LIGHT_ON_DARK] * 11  # more than one chunk
    told: list[int] = []
    seen = corrupted(pictures, told.append)
    assert sum(told) == 22
    for name in ("noise", "shift"):
        for number in (0, 21):
            expected = digit_image(Image.fromarray(corrupt(pictures[number], name, 2, rng_for_picture(number))))
            found = seen[name][2][number]
            assert found is not None
            assert np.array_equal(found, expected)
    assert seen["contrast"][5] == [None] * 22


def test_the_whole_way_is_measured_and_blank_pictures_count() -> None:
    recogniser = Recogniser.load_folder(RELEASED, ROOT / "index_to_name.json")
    pictures = [np.asarray(draw_digit(digit)) for digit in range(10)]
    told = robustness(recogniser, {"drawn": Pictures(pictures, torch.arange(10))})
    drawn = told["sets"]["drawn"]
    assert drawn["n"] == 10
    for name, about in told["corruptions"].items():
        assert len(drawn[name]) == len(about["amounts"]) == 6
        assert drawn[name][0] == {"accuracy": 1.0, "refused": drawn["noise"][0]["refused"], "blank": 0.0}
        assert drawn[name][1]["accuracy"] >= 0.9
        assert drawn[name][5]["accuracy"] <= 1.0
    assert drawn["blur"][5]["accuracy"] < drawn["blur"][1]["accuracy"]
    assert drawn["contrast"][5] == {"accuracy": 0.0, "refused": 1.0, "blank": 1.0}


def test_the_sample_is_always_the_same_and_never_too_large() -> None:
    assert sample(100, 10).tolist() == sample(100, 10).tolist()
    assert len(set(sample(100, 10).tolist())) == 10
    assert sample(5, 10).tolist() == [0, 1, 2, 3, 4]


def test_transparent_paper_becomes_white() -> None:
    ink_on_nothing = Image.new("RGBA", (2, 1))
    ink_on_nothing.putpixel((0, 0), (0, 0, 0, 255))
    assert np.asarray(flat(ink_on_nothing)).tolist() == [[0, 255]]
