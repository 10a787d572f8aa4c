"""A lesson is taught and judged; poisoned ones are refused or do no harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from learner.lesson import Verdict, give_lesson
from learner.sets import MNIST_VALIDATION, Sets, prepared_sets
from learner.teaching.examples import Example
from learner.teaching.tuning import TuningConfig
from model.data.digits import Digits
from model.evaluation.metrics import probabilities_of
from model.locations import RELEASED
from model.recogniser import Recogniser
from release.archive import LABELS
from release.versions.checks import Finding
from tests.drawing import draw_digit, encoded
from tests.small_sets import drawn, slashed_zeros

CONFIG = TuningConfig(seed=0, steps=60, examples=16, rehearsed=64)
MOST_FURTHER = 0.01  # share of errors on digits that were in no set of the gate


@pytest.fixture(scope="module")
def sets(data_root: Path, learner_sets: Path) -> Sets:
    torch.set_num_threads(1)
    return prepared_sets(data_root, learner_sets)


@pytest.fixture(scope="module")
def others() -> Digits:
    return drawn(300, 9)


def give(sets: Sets, corrections: list[Example], folder: Path, config: TuningConfig = CONFIG) -> Verdict:
    return give_lesson(RELEASED, corrections, folder, 1, lambda share, words: None, sets=sets, config=config)


def drawings(count: int) -> list[Example]:
    """Digits as a visitor would draw them, rightly labelled."""
    rng = np.random.default_rng(4)
    pictures = [draw_digit(i % 10, width=10 + rng.uniform(0, 16), box=_box(rng)) for i in range(count)]
    return [Example(f"drawn-{i}", encoded(picture), str(i % 10)) for i, picture in enumerate(pictures)]


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    left, top = rng.uniform(20, 90, 2)
    width, height = rng.uniform(70, 140), rng.uniform(120, 170)
    return left, top, width, height


def wrongly_labelled() -> list[Example]:
    labels = np.random.default_rng(5).integers(1, 10, 200)
    return [_relabelled(one, int(by)) for one, by in zip(drawings(200), labels, strict=True)]


def _relabelled(example: Example, by: int) -> Example:
    return replace(example, label=str((int(example.label) + by) % 10))


def shifted() -> list[Example]:
    return [_relabelled(one, 1) for one in drawings(200)]


def noise() -> list[Example]:
    rng = np.random.default_rng(6)
    pictures = [Image.fromarray(rng.integers(0, 256, (60, 60), dtype=np.uint8)) for _ in range(200)]
    return [Example(f"noise-{i}", encoded(picture), str(i % 10)) for i, picture in enumerate(pictures)]


def one_wrong_one_many_times() -> list[Example]:
    """The same seven as a one in 200 files that differ in a byte."""
    png = encoded(draw_digit(7))
    return [Example(f"seven-{i}", png + bytes([i]), "1") for i in range(200)]


def accuracy(folder: Path, digits: Digits) -> float:
    recogniser = Recogniser.load_folder(folder, LABELS)
    return float((probabilities_of(recogniser, digits.images).argmax(dim=1) == digits.labels).double().mean())


@pytest.mark.parametrize("poison", [wrongly_labelled, shifted, noise, one_wrong_one_many_times])
def test_a_poisoned_lesson_is_refused_or_does_no_harm(
    poison: Callable[[], list[Example]], sets: Sets, others: Digits, tmp_path: Path
) -> None:
    verdict = give(sets, poison(), tmp_path)
    harm = accuracy(RELEASED, others) - accuracy(verdict.folder, others)
    assert not verdict.passed or harm <= MOST_FURTHER


def test_an_honest_lesson_passes_and_says_what_it_gained(sets: Sets, tmp_path: Path) -> None:
    verdict = give(sets, slashed_zeros(20), tmp_path, TuningConfig(seed=0))
    assert verdict.passed, verdict.words
    assert (len(verdict.taught), len(verdict.held_back)) == (16, 4)
    assert verdict.right_now >= 15 > verdict.right_before
    assert verdict.words.startswith(f"read {verdict.right_before} of 20 corrections before, {verdict.right_now} now")
    names = [finding.name for finding in verdict.findings]
    assert f"{MNIST_VALIDATION}: errors" in names
    assert "corrections held back" in names


def test_the_words_tell_why_a_candidate_is_refused() -> None:
    findings = [Finding("bytes", "9, 1 before", "2", False), Finding("letters", "0", "0", True)]
    verdict = Verdict(Path(), ["a"], [], findings, 0, 1)
    assert not verdict.passed
    assert verdict.words == "read 0 of 1 corrections before, 1 now; refused for bytes (9, 1 before; accepted 2)"
    passed = replace(verdict, findings=findings[1:])
    assert passed.passed
    assert passed.words == "read 0 of 1 corrections before, 1 now; nothing else got worse"
