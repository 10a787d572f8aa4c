"""What is told of each set, on numbers small enough to check by hand, and on the released network."""

import pytest
import torch

from model.calibration import expected_calibration_error, rejection_score
from model.data.digits import Digits
from model.evaluation.metrics import (
    class_scores,
    details,
    measure,
    mistakes,
    probabilities_of,
    refusal_curve,
    refused_share,
    reliability,
)
from model.locations import RELEASED, ROOT
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from tests.drawing import draw, draw_digit


def random_results(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    probabilities = torch.softmax(torch.randn(n, 10, generator=rng) * 3, dim=1)
    return probabilities, torch.multinomial(probabilities, 1, generator=rng).flatten()


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load_folder(RELEASED, ROOT / "index_to_name.json")


@pytest.fixture(scope="module")
def drawn() -> Digits:
    seen = [torch.from_numpy(digit_image(draw_digit(digit))) for digit in range(10)]
    return Digits(torch.stack(seen), torch.arange(10))


def test_digits_are_read_better_upright_than_upside_down(recogniser: Recogniser, drawn: Digits) -> None:
    upright, upside_down = (
        measure(probabilities_of(recogniser, images), drawn.labels, recogniser.threshold).accuracy
        for images in (drawn.images, drawn.images.flip(1, 2))
    )
    assert upright == 1.0
    assert upside_down < 0.8


def test_pictures_are_read_as_when_served_and_progress_is_told(recogniser: Recogniser, drawn: Digits) -> None:
    told: list[int] = []
    probabilities = probabilities_of(recogniser, drawn.images, told.append)
    assert sum(told) == 10
    for digit in range(10):
        served = recogniser.probabilities(digit_image(draw_digit(digit))[None])
        assert probabilities[digit].numpy() == pytest.approx(served[0], abs=1e-6)


def test_the_reliability_bins_are_those_of_the_calibration_error() -> None:
    probabilities, labels = random_results(5_000)
    bins = reliability(probabilities, labels)
    assert sum(one["n"] for one in bins) == 5_000
    gaps = sum(one["n"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / 5_000
    assert gaps == pytest.approx(expected_calibration_error(probabilities, labels), abs=1e-9)
    for one in bins:
        assert one["bin"] / 15 <= one["confidence"] <= (one["bin"] + 1) / 15
        assert one["low"] - 1e-9 <= one["accuracy"] <= one["high"] + 1e-9


def test_certainty_lies_in_the_last_bin() -> None:
    [one] = reliability(torch.eye(10), torch.arange(10))
    assert (one["bin"], one["n"], one["accuracy"]) == (14, 10, 1.0)


def test_class_scores_count_by_hand() -> None:
    probabilities = torch.eye(3)[torch.tensor([0, 0, 1, 1])]
    scores = class_scores(probabilities, torch.tensor([0, 1, 1, 1]))
    assert scores[0] == pytest.approx({"n": 1, "precision": 1 / 2, "recall": 1.0, "f1": 2 / 3})
    assert scores[1] == pytest.approx({"n": 3, "precision": 1.0, "recall": 2 / 3, "f1": 4 / 5})
    assert scores[2] == {"n": 0, "precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_the_surest_mistakes_come_first_and_only_mistakes() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = mistakes(probabilities, torch.tensor([0, 1, 0, 1]))
    assert [(one["index"], one["label"], one["read"]) for one in found] == [(2, 0, 1), (3, 1, 0), (1, 1, 0)]
    assert len(mistakes(probabilities, torch.tensor([0, 1, 0, 1]), most=2)) == 2


def test_the_details_agree_with_the_metrics() -> None:
    probabilities, labels = random_results(1_000)
    told = details(probabilities, labels, 0.5)
    metrics = measure(probabilities, labels, 0.5)
    assert (told["n"], told["accuracy"], told["refused"]) == (1_000, metrics.accuracy, metrics.refused)
    assert sum(told["confusion"][i][i] for i in range(10)) == round(1_000 * metrics.accuracy)
    assert [sum(row) for row in told["confusion"]] == [one["n"] for one in told["classes"]]


def test_the_refusal_curve_rises_through_the_operating_point() -> None:
    digits, _ = random_results(2_000)
    doubtful = torch.softmax(digits.log() * 0.5, dim=1)
    threshold = float(rejection_score(digits).quantile(0.1))
    found = refusal_curve(digits, doubtful, threshold)
    curve = found["curve"]
    for shares in curve.values():
        assert shares == sorted(shares)
    assert found["digits_refused"] == refused_share(digits, threshold) == pytest.approx(0.1, abs=1e-3)
    below = sum(share <= found["digits_refused"] for share in curve["digits_refused"])
    assert curve["refused"][below - 1] <= found["refused"] <= curve["refused"][below]
    assert 0.6 < found["auroc"] < 1


def test_the_area_under_the_curve_is_one_where_the_score_parts_them_and_a_half_where_it_cannot() -> None:
    sure, doubtful = torch.eye(10), torch.full((20, 10), 0.1)
    assert refusal_curve(sure, doubtful, 0.5)["auroc"] == 1.0
    assert refusal_curve(sure, sure, 0.5)["auroc"] == 0.5


def test_a_picture_of_no_digit_scores_below_a_digit(recogniser: Recogniser, drawn: Digits) -> None:
    grids = []
    for lines in range(3, 8):
        places = [i / (lines - 1) for i in range(lines)]
        grid = [[(x, 0.0), (x, 1.0)] for x in places] + [[(0.0, y), (1.0, y)] for y in places]
        grids.append(torch.from_numpy(digit_image(draw(grid, width=8))))
    read, doubted = (probabilities_of(recogniser, images) for images in (drawn.images, torch.stack(grids)))
    assert refusal_curve(read, doubted, recogniser.threshold)["auroc"] > 0.95
