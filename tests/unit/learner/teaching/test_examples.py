"""Corrections become pictures: each once, some held back, written again from strokes, no key above its share."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from learner.teaching.examples import REWRITINGS, Example, hold_back, rewritten, see, weights
from model.data.digits import NOT_A_DIGIT
from model.errors import DataError, InvalidImage
from tests.drawing import draw_digit, encoded
from tests.small_sets import slashed_zeros


def drawing(width: float, label: str = "7", by: str = "anna") -> Example:
    return Example(f"{label}-{width}", encoded(draw_digit(7, width=width)), label, (), by)


def test_pictures_are_seen_as_the_network_sees_them_and_none_is_no_digit() -> None:
    examples = see([drawing(12), drawing(20, "none")])
    assert examples.digits.images.shape == (2, 28, 28)
    assert examples.digits.labels.tolist() == [7, NOT_A_DIGIT]


def test_the_same_picture_counts_once_with_the_label_that_came_last() -> None:
    same = [Example(str(number), encoded(draw_digit(3), level), "3") for number, level in enumerate(("PNG", "BMP"))]
    examples = see([*same, replace(same[0], id="last", label="8")])
    assert [source.id for source in examples.sources] == ["last"]
    assert examples.digits.labels.tolist() == [8]


def test_a_picture_without_ink_teaches_nothing() -> None:
    blank = Example("blank", encoded(draw_digit(3, ink=255)), "3")
    assert len(see([blank, drawing(12)])) == 1
    with pytest.raises(DataError, match="no correction shows any ink"):
        see([blank])


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        ([], "0 corrections are given; one teaching takes 1 to 200"),
        ([drawing(12)] * 201, "201 corrections"),
        ([replace(drawing(12), label="x")], "label 'x'; accepted are 0 to 9 and none"),
    ],
)
def test_what_cannot_be_taught_is_refused_in_words(corrections: list[Example], words: str) -> None:
    with pytest.raises(DataError, match=words):
        see(corrections)


def test_a_broken_picture_is_refused() -> None:
    with pytest.raises(InvalidImage):
        see([Example("broken", b"no picture", "3")])


def test_a_fifth_is_held_back_by_content_whatever_the_order() -> None:
    corrections = slashed_zeros(20)
    taught, held_back = hold_back(see(corrections))
    again = hold_back(see(corrections[::-1]))[1]
    ids = {source.id for source in held_back.sources}
    assert (len(taught), len(held_back)) == (16, 4)
    assert ids == {source.id for source in again.sources}
    assert not ids & {source.id for source in taught.sources}


def test_of_few_corrections_none_is_held_back() -> None:
    taught, held_back = hold_back(see(slashed_zeros(9)))
    assert (len(taught), len(held_back)) == (9, 0)


def test_drawings_are_written_again_and_pictures_are_not() -> None:
    examples = see([*slashed_zeros(2), drawing(12)])
    variants, of = rewritten(examples, seed=1)
    assert of.tolist() == [0] * (1 + REWRITINGS) + [1] * (1 + REWRITINGS) + [2]
    assert variants.labels.tolist() == examples.digits.labels[of].tolist()
    assert len({image.numpy().tobytes() for image in variants.images}) == len(variants)
    assert torch.equal(variants.images, rewritten(examples, seed=1)[0].images)
    assert not torch.equal(variants.images, rewritten(examples, seed=2)[0].images)


def test_a_drawing_that_was_erased_in_is_not_written_again() -> None:
    [zero] = slashed_zeros(1)
    erased = replace(zero, strokes=(zero.strokes[0], replace(zero.strokes[1], erases=True)))
    assert len(rewritten(see([erased]), seed=1)[0]) == 1


def test_one_keys_corrections_weigh_no_more_than_its_share() -> None:
    examples = see([*slashed_zeros(8, by="anna"), drawing(12, by="ben"), drawing(20, by="ben")])
    assert np.allclose(weights(examples, 1.0), 0.1)
    capped = weights(examples, 0.2)
    assert float(capped[:8].sum()) == pytest.approx(0.2)
    assert float(capped[8:].sum()) == pytest.approx(0.2)
    assert float(weights(see(slashed_zeros(3)), 0.2).sum()) == pytest.approx(0.2)
