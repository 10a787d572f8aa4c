"""What `make predict` says of a picture."""

import pytest

from model.recogniser import Reading
from scripts.predict import describe


@pytest.mark.parametrize(
    ("labels", "words"),
    [("73", "7 60.0%, 3 40.0% (probably not a digit)"), ("KM", "K 60.0%, M 40.0% (probably none of its classes)")],
)
def test_a_doubt_is_told_in_words_that_fit_the_labels(labels: str, words: str) -> None:
    probabilities = dict(zip(labels, (0.6, 0.4), strict=True))
    reading = Reading(labels[0], 0.6, False, probabilities)
    assert describe(reading, 2) == words
