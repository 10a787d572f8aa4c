"""Calibration and metrics, on numbers small enough to check by hand."""

import numpy as np
import pytest
import torch

from model.calibration import expected_calibration_error, fit_temperature, rejection_score, rejection_threshold
from model.evaluation.metrics import measure, wilson_interval


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    rng = torch.Generator().manual_seed(0)
    honest = torch.randn(20_000, 10, generator=rng) * 2
    labels = torch.multinomial(torch.softmax(honest, dim=1), 1, generator=rng).flatten()
    assert fit_temperature(honest, labels) == pytest.approx(1.0, abs=0.03)
    assert fit_temperature(honest * 3, labels) == pytest.approx(3.0, abs=0.1)


def test_the_threshold_refuses_the_share_it_is_asked_to() -> None:
    probabilities = torch.softmax(torch.randn(10_000, 10, generator=torch.Generator().manual_seed(0)) * 4, dim=1)
    threshold = rejection_threshold(probabilities, 0.02)
    assert (rejection_score(probabilities) < threshold).float().mean() == pytest.approx(0.02, abs=1e-3)


def test_two_likely_digits_are_surer_a_digit_than_none() -> None:
    undecided = torch.full((1, 10), 0.1)
    either, neither = torch.full((1, 10), 1e-4), torch.full((1, 10), 0.03)
    either[0, [4, 9]], neither[0, 4] = 0.4996, 0.73
    assert float(rejection_score(undecided)) == pytest.approx(np.log(10))
    assert float(rejection_score(either)) == pytest.approx(-(8 * np.log(1e-4) + 2 * np.log(0.4996)) / 10)
    assert rejection_score(undecided) < rejection_score(neither) < rejection_score(either)


def test_a_class_that_is_ruled_out_keeps_the_sureness_finite() -> None:
    assert torch.isfinite(rejection_score(torch.eye(10))).all()


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = torch.tensor([[0.8, 0.2]] * 10)
    labels = torch.tensor([0] * 5 + [1] * 5)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.3)
    assert expected_calibration_error(torch.tensor([[1.0, 0.0]] * 4), torch.zeros(4).long()) == 0.0


def test_metrics_count_what_is_right_and_what_is_refused() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    metrics = measure(probabilities, torch.tensor([0, 0, 1, 1]), threshold=0.75)
    assert (metrics.n, metrics.accuracy, metrics.refused) == (4, 0.75, 0.25)
    assert metrics.loss == pytest.approx(-np.log([0.9, 0.6, 0.8, 0.3]).mean(), rel=1e-5)


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe (1998), table I: 81 of 263 and 15 of 148.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
