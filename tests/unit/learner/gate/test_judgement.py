"""Each row of the gate passes for an equal candidate and fails for one that is worse in that alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from learner.gate.judgement import ORIGIN, judge, origin_of, reads_rightly
from learner.gate.pairs import Pair
from learner.sets import MNIST_VALIDATION, Sets
from model.data.digits import NOT_A_DIGIT, Digits
from model.preprocessing.digit import MEAN, STD
from model.recogniser import Recogniser
from release.versions.checks import Finding

LABELS = [str(digit) for digit in range(10)]
SURE, DOUBT = 12.0, 0.5  # logits above the other classes'; the threshold lies between
MNIST, PEN, SCANS, LETTERS, HELD, TAUGHT = range(6)
SIZES = {MNIST: 5_000, PEN: 1_500, SCANS: 1_500, LETTERS: 2_000, HELD: 20, TAUGHT: 20}


def pictures(group: int) -> Digits:
    """Pictures whose first pixels say which they are; every digit's label is its number's last figure."""
    images = torch.zeros((SIZES[group], 28, 28), dtype=torch.uint8)
    number = torch.arange(SIZES[group])
    images[:, 0, 0], images[:, 0, 1], images[:, 0, 2] = group, number // 256, number % 256
    return Digits(images, torch.full_like(number, NOT_A_DIGIT) if group == LETTERS else number % 10)


SETS = Sets(
    rehearsal=pictures(HELD),
    validation={MNIST_VALIDATION: pictures(MNIST), "pen": pictures(PEN)},
    elsewhere={"scans": pictures(SCANS)},
    nondigits={"letters": pictures(LETTERS)},
)


@dataclass
class Planned:
    """A network that reads every digit rightly and doubts every letter, less what is planned otherwise."""

    wrong: dict[int, int] = field(default_factory=dict)  # by group, how many of the first pictures are misread
    doubted: dict[int, int] = field(default_factory=dict)  # and refused
    accepted_letters: int = 0
    sureness: float = SURE
    delay_s: float = 0.002

    def __call__(self, images: Tensor) -> Tensor:
        time.sleep(self.delay_s)
        pixels = ((images[:, 0, 0, :3] * STD + MEAN) * 255).round().long()
        logits = torch.zeros((len(images), 10))
        for row, (group, high, low) in enumerate(pixels.tolist()):
            number = 256 * high + low
            label = (number + (number < self.wrong.get(group, 0))) % 10
            is_doubted = number >= self.accepted_letters if group == LETTERS else number < self.doubted.get(group, 0)
            logits[row, label] = DOUBT if is_doubted else self.sureness
        return logits


def recogniser(network: Callable[[Tensor], Tensor], size: int = 1_000, **metadata: Any) -> Recogniser:
    content = {
        "version": "1.0",
        "calibration": {"temperature": 1.0},
        "rejection": {"threshold": 5.0},
        "torchscript": {"bytes": size},
        **metadata,
    }
    return Recogniser(network, content, LABELS)


def failed(candidate: Recogniser, champion: Planned | None = None) -> list[Finding]:
    champion = champion or Planned(wrong={HELD: 10})
    findings = judge(candidate, recogniser(champion), SETS, pictures(TAUGHT), pictures(HELD))
    return [finding for finding in findings if not finding.passed]


def test_an_equal_candidate_that_gained_passes_every_row() -> None:
    assert failed(recogniser(Planned())) == []


@pytest.mark.parametrize(
    ("plan", "size", "row"),
    [
        (Planned(wrong={MNIST: 3}), 1_000, "MNIST validation: errors"),
        (Planned(wrong={PEN: 4}), 1_000, "pen: errors"),
        (Planned(wrong={SCANS: 4}), 1_000, "scans: errors"),
        (Planned(doubted={PEN: 8}), 1_000, "pen: refused"),
        (Planned(accepted_letters=21), 1_000, "letters: taken for digits"),
        (Planned(sureness=7.0), 1_000, "expected calibration error"),
        (Planned(), 1_101, "bytes"),
        (Planned(delay_s=0.01), 1_000, "time of one picture"),
        (Planned(wrong={HELD: 10}), 1_000, "corrections held back"),
    ],
)
def test_a_candidate_that_is_worse_in_one_thing_fails_that_row_alone(plan: Planned, size: int, row: str) -> None:
    assert [finding.name for finding in failed(recogniser(plan, size))] == [row]


def test_two_further_errors_on_mnist_are_let_through() -> None:
    assert failed(recogniser(Planned(wrong={MNIST: 2}))) == []


def test_as_many_errors_on_other_pictures_fail_by_their_bound() -> None:
    """No net change, but so many pictures are read otherwise that a loss of 0.2 points cannot be ruled out."""

    class Shuffled(Planned):
        def __call__(self, images: Tensor) -> Tensor:
            pixels = ((images[:, 0, 0, :3] * STD + MEAN) * 255).round().long()
            number = 256 * pixels[:, 1] + pixels[:, 2]
            logits = super().__call__(images)
            swapped = (pixels[:, 0] == MNIST) & (number >= 20) & (number < 40)
            logits[swapped] = logits[swapped].roll(1, dims=1)
            return logits

    before = Planned(wrong={MNIST: 20, HELD: 10})
    [finding] = failed(recogniser(Shuffled()), before)
    assert finding.name == "MNIST validation: errors"
    assert finding.value.startswith("20 of 5,000, 20 before; 95% bound +0.21%")


def test_a_line_of_teachings_may_not_creep_away_from_its_beginning() -> None:
    creeping = {ORIGIN: {"version": "1.0", "errors": 0}}
    champion = Planned(wrong={MNIST: 10, HELD: 10})
    assert failed(recogniser(Planned(wrong={MNIST: 10}), teaching=creeping), champion) == []
    [finding] = failed(recogniser(Planned(wrong={MNIST: 11}), teaching=creeping), champion)
    assert finding.name == "MNIST validation: errors since version 1.0"
    assert (finding.value, finding.bound) == ("11 of 5,000, 0 then", "10")


def test_the_beginning_of_a_line_is_handed_on() -> None:
    assert origin_of(recogniser(Planned()), 14) == {"version": "1.0", "errors": 14}
    taught = recogniser(Planned(), teaching={ORIGIN: {"version": "0.9", "errors": 12}})
    assert origin_of(taught, 14) == {"version": "0.9", "errors": 12}


def test_few_misread_corrections_that_stay_so_are_no_reason_to_refuse_but_a_lost_one_is() -> None:
    assert failed(recogniser(Planned(wrong={HELD: 3})), Planned(wrong={HELD: 3})) == []
    [finding] = failed(recogniser(Planned(wrong={HELD: 4})), Planned(wrong={HELD: 3}))
    assert finding.name == "corrections held back"


def test_a_single_correction_that_was_taught_must_be_read_rightly_now() -> None:
    misread = Planned(wrong={HELD: 10, TAUGHT: 1})
    assert failed(recogniser(Planned()), misread) == []
    [finding] = failed(recogniser(Planned(wrong={TAUGHT: 1})), misread)
    assert (finding.name, finding.value) == ("corrections taught", "19 of 20 right, 19 before")


def test_without_held_back_corrections_there_is_no_row_of_them() -> None:
    findings = judge(recogniser(Planned()), recogniser(Planned()), SETS, pictures(TAUGHT), pictures(HELD)[:0])
    assert "corrections held back" not in [finding.name for finding in findings]


def test_right_is_a_label_without_refusal_and_a_refusal_of_no_digit() -> None:
    network = recogniser(Planned(wrong={HELD: 1}, doubted={HELD: 2}, accepted_letters=1))
    assert reads_rightly(network, pictures(HELD)[:3]).tolist() == [False, False, True]
    assert reads_rightly(network, pictures(LETTERS)[:2]).tolist() == [False, True]


def test_the_bound_is_above_nothing_where_nothing_differs() -> None:
    right = torch.ones(5_000, dtype=torch.bool)
    assert Pair.of(right, right).upper_bound == pytest.approx(1.645 / 5_000)
