"""Optimisers and schedules: by name, with the course that their name promises, and resumable."""

import copy
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from model.training.optimisation import (
    LEARNING_RATES,
    SCHEDULES,
    average_weights,
    create_optimiser,
    create_schedule,
)

STEPS = 100
Kept = tuple[dict[str, Any], dict[str, Any]]  # states of an optimiser and its schedule


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))


def course(name: str) -> list[float]:
    """The learning rate of each step, of a peak of 1."""
    optimiser = create_optimiser("sgd", network(), learning_rate=1.0, weight_decay=0.0)
    schedule = create_schedule(name, optimiser, STEPS)
    rates = []
    for _ in range(STEPS):
        rates.append(float(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        schedule.end_step()
    return rates


@pytest.mark.parametrize("name", LEARNING_RATES)
def test_only_weights_of_convolutions_and_dense_layers_decay(name: str) -> None:
    decaying, still = create_optimiser(name, network(), 0.1, weight_decay=0.01).param_groups
    assert [(tuple(p.shape), decaying["weight_decay"]) for p in decaying["params"]] == [((2, 1, 3, 3), 0.01)]
    assert [(tuple(p.shape), still["weight_decay"]) for p in still["params"]] == [((2,), 0.0)] * 3


@pytest.mark.parametrize("name", ["one-cycle", "cosine"])
def test_the_learning_rate_rises_to_its_peak_and_falls_to_almost_nothing(name: str) -> None:
    rates = course(name)
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(1.0, abs=0.02)
    assert rates[0] < 0.1
    assert 0 < peak <= STEPS // 4
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 0.01


def test_a_plateau_of_the_validation_loss_halves_the_learning_rate() -> None:
    assert course("plateau") == [1.0] * STEPS
    optimiser = create_optimiser("adam", network(), 1.0, 0.0)
    schedule = create_schedule("plateau", optimiser, STEPS)
    rates = []
    for loss in (0.5, 0.4, 0.4, 0.4, 0.4, 0.3):
        schedule.end_epoch(loss)
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_goes_on_where_it_was_kept(name: str) -> None:
    def rates(steps: range, kept: Kept | None = None) -> tuple[list[float], Kept]:
        optimiser = create_optimiser("sgd", network(), 1.0, 0.0)
        schedule = create_schedule(name, optimiser, STEPS)
        if kept:
            optimiser.load_state_dict(kept[0])
            schedule.load_state_dict(kept[1])
        seen = []
        for step in steps:
            seen.append(float(optimiser.param_groups[0]["lr"]))
            optimiser.step()
            schedule.end_step()
            if step % 10 == 9:
                schedule.end_epoch(1.0)
        return seen, copy.deepcopy((optimiser.state_dict(), schedule.state_dict()))

    first, kept = rates(range(50))
    second, _ = rates(range(50, STEPS), kept)
    assert first + second == rates(range(STEPS))[0]
    assert len(set(first + second)) > 1


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'lion'; known: adamw, adam, sgd"):
        create_optimiser("lion", network(), 0.1, 0.0)
    with pytest.raises(ValueError, match=r"'step'; known: one-cycle, cosine, plateau"):
        create_schedule("step", create_optimiser("sgd", network(), 0.1, 0.0), 10)


def test_the_average_remembers_more_the_longer_it_runs() -> None:
    weight = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    average = average_weights(weight, decay=0.9)
    moved = []  # the average while the weight grows by one a step
    for value in range(200):
        with torch.no_grad():
            weight.weight.fill_(value)
        average.update_parameters(weight)
        moved.append(next(average.parameters()).item())
    shares = [(after - before) / (value - before) for value, (before, after) in enumerate(pairwise(moved), start=1)]
    assert shares[0] > 0.5
    assert shares[-1] == pytest.approx(0.1)
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(shares))
