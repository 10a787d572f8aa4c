"""The released recogniser: where, how large and on what paper a digit is drawn does not change what is read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from model.data.rendering import RENDERERS
from model.locations import RELEASED
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from release.archive import LABELS
from tests.drawing import DIGITS, STROKES, draw_digit


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load_folder(RELEASED, LABELS)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    digit=st.sampled_from(sorted(DIGITS)),
    span=st.integers(90, 230),
    left=st.floats(0, 1),
    top=st.floats(0, 1),
    pen=st.floats(0.04, 0.1),
    margins=st.tuples(*[st.integers(0, 200)] * 2),
    greys=st.sampled_from([(0, 255), (255, 0), (60, 200), (210, 90), (0, 128)]),
)
def test_shifting_scaling_inverting_and_padding_do_not_change_the_answer(
    recogniser: Recogniser,
    digit: int,
    span: int,
    left: float,
    top: float,
    pen: float,
    margins: tuple[int, int],
    greys: tuple[int, int],
) -> None:
    width, height = 280 + margins[0], 280 + margins[1]
    edge = 8 + pen * span  # nothing of the digit is cut off
    box = (edge + left * (width - 2 * edge - 0.8 * span), edge + top * (height - 2 * edge - span), 0.8 * span, span)
    ink, paper = greys
    picture = draw_digit(digit, size=(width, height), box=box, width=pen * span, ink=ink, paper=paper)
    [reading] = recogniser.read(np.stack([digit_image(picture)]))
    assert reading.label == str(digit)
    assert reading.recognised


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_digit_is_read_on_whatever_it_is_drawn(recogniser: Recogniser, renderer: str) -> None:
    digits = [digit for digit in DIGITS for _ in range(10)]
    pictures = [RENDERERS[renderer](STROKES[digit], default_rng((digit, i))) for i, digit in enumerate(digits)]
    readings = recogniser.read(np.stack([digit_image(picture) for picture in pictures]))
    wrong = [reading.label != str(digit) for reading, digit in zip(readings, digits, strict=True)]
    assert sum(wrong) <= 3
