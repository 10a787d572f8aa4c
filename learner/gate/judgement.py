"""The gate: a candidate is let through if it is no worse than the champion on fixed sets and gained what was taught.

A judgement alone: it changes nothing, and the same networks get the same verdict, but for the row of the time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from learner.gate.pairs import Pair
from learner.sets import MNIST_VALIDATION, Sets
from model.calibration import expected_calibration_error, rejection_score
from model.data.digits import NOT_A_DIGIT, Digits
from model.evaluation.metrics import probabilities_of
from model.preprocessing.digit import SIDE
from model.recogniser import Recogniser
from release.versions.checks import Finding

MNIST_FURTHER = 2  # errors of 5,000 that one teaching may add
MNIST_FURTHER_IN_ALL = 10  # errors of 5,000 that a line of teachings may add to the version that it began with
MNIST_UPPER_BOUND = 0.002  # of the share of further errors
FURTHER = 0.002  # share of errors that may be added to any other set of digits
UPPER_BOUND = 0.005
REFUSED_FURTHER = 0.005  # share of digits of a set that may be refused beyond those that the champion refuses
LET_THROUGH_FURTHER = 0.01  # share of a set of no digits that may be taken for digits beyond the champion's
LET_THROUGH_UPPER_BOUND = 0.02
CALIBRATION_FURTHER = 0.005  # of the expected calibration error
LARGEST_GROWTH = 1.1  # of the file
MAX_SLOWDOWN = 1.5  # of a forward pass, beside the champion's in turns
ROUNDS = 15
MISREAD_THAT_MUST_GAIN = 4  # of those held back; fewer may be pictures that nobody can read

ORIGIN = "origin"
"""In the metadata of a network that was taught: its errors and version before all teaching, by these names."""


def judge(candidate: Recogniser, champion: Recogniser, sets: Sets, taught: Digits, held_back: Digits) -> list[Finding]:
    """Compare a candidate with the champion.

    Args:
        candidate, champion: with their own temperatures and thresholds.
        sets: fixed pictures that neither has learned.
        taught: corrections that the candidate has learned.
        held_back: corrections that it has not; may be empty.

    Returns:
        A row for each question; the candidate may be promoted if all of them pass.
    """
    findings: list[Finding] = []
    pooled: list[tuple[Tensor, Tensor, Tensor]] = []
    for name, digits in (sets.validation | sets.elsewhere).items():
        before, now = (probabilities_of(one, digits.images) for one in (champion, candidate))
        right = Pair.of(before.argmax(dim=1) == digits.labels, now.argmax(dim=1) == digits.labels)
        findings.append(_errors(name, right))
        if name == MNIST_VALIDATION:
            findings += _errors_in_all(candidate, right)
        findings.append(_refusals(name, Pair.of(_accepts(champion, before), _accepts(candidate, now))))
        if name in sets.validation:
            pooled.append((before, now, digits.labels))
    findings += [_lets_through(name, _refused(champion, candidate, others)) for name, others in sets.nondigits.items()]
    findings += [_calibration(pooled), _size(candidate, champion), _slowdown(candidate, champion)]
    for name, examples, misread in (
        ("corrections taught", taught, 1),
        ("corrections held back", held_back, MISREAD_THAT_MUST_GAIN),
    ):
        if len(examples):
            findings.append(_gain(name, reads_rightly(champion, examples), reads_rightly(candidate, examples), misread))
    return findings


def reads_rightly(recogniser: Recogniser, examples: Digits) -> Tensor:
    """Which examples get the right answer, bool (N,): a digit its label and no refusal, a picture of none a refusal."""
    probabilities = probabilities_of(recogniser, examples.images)
    accepted = _accepts(recogniser, probabilities)
    is_digit = examples.labels != NOT_A_DIGIT
    return torch.where(is_digit, accepted & (probabilities.argmax(dim=1) == examples.labels), ~accepted)


def origin_of(champion: Recogniser, errors: int) -> dict[str, int | str]:
    """What the metadata of a network that is taught from a champion say of the start of their line.

    Args:
        champion: what is taught.
        errors: its own on `MNIST_VALIDATION`; they count where it was never taught.
    """
    taught: Mapping[str, dict[str, int | str]] = champion.metadata.get("teaching", {})
    return taught.get(ORIGIN) or {"version": champion.metadata["version"], "errors": errors}


def _accepts(recogniser: Recogniser, probabilities: Tensor) -> Tensor:
    return rejection_score(probabilities) >= recogniser.threshold


def _refused(champion: Recogniser, candidate: Recogniser, pictures: Digits) -> Pair:
    before, now = (~_accepts(one, probabilities_of(one, pictures.images)) for one in (champion, candidate))
    return Pair.of(before, now)


def _errors(name: str, right: Pair) -> Finding:
    return _paired(f"{name}: errors", right, *_margins(name, right.n))


def _margins(name: str, n: int) -> tuple[int, float]:
    """How many further errors a set of digits allows, and what the bound of their share must stay under."""
    if name == MNIST_VALIDATION:
        return MNIST_FURTHER * n // 5_000, MNIST_UPPER_BOUND
    return int(FURTHER * n), UPPER_BOUND


def allows(name: str, pair: Pair) -> bool:
    """Whether the row of a set's errors passes."""
    most, upper_bound = _margins(name, pair.n)
    return pair.further <= most and pair.upper_bound < upper_bound


def _lets_through(name: str, refused: Pair) -> Finding:
    return _paired(f"{name}: taken for digits", refused, int(LET_THROUGH_FURTHER * refused.n), LET_THROUGH_UPPER_BOUND)


def _paired(name: str, pair: Pair, most: int, upper_bound: float) -> Finding:
    return Finding(
        name,
        f"{pair.now} of {pair.n:,}, {pair.before} before; 95% bound {pair.upper_bound:+.2%}",
        f"{pair.before + most}; under {upper_bound:+.2%}",
        pair.further <= most and pair.upper_bound < upper_bound,
    )


def _errors_in_all(candidate: Recogniser, right: Pair) -> list[Finding]:
    """A line of teachings may not creep away from what it began with."""
    origin = candidate.metadata.get("teaching", {}).get(ORIGIN)
    if origin is None:
        return []
    most = int(origin["errors"]) + MNIST_FURTHER_IN_ALL * right.n // 5_000
    name = f"{MNIST_VALIDATION}: errors since version {origin['version']}"
    return [Finding(name, f"{right.now} of {right.n:,}, {origin['errors']} then", str(most), right.now <= most)]


def _refusals(name: str, accepted: Pair) -> Finding:
    most = accepted.before + int(REFUSED_FURTHER * accepted.n)
    value = f"{accepted.now} of {accepted.n:,}, {accepted.before} before"
    return Finding(f"{name}: refused", value, str(most), accepted.now <= most)


def _calibration(pooled: list[tuple[Tensor, Tensor, Tensor]]) -> Finding:
    before, now, labels = map(torch.cat, zip(*pooled, strict=True))
    was, found = expected_calibration_error(before, labels), expected_calibration_error(now, labels)
    most = was + CALIBRATION_FURTHER
    value = f"{found:.4f} over {len(labels):,}, {was:.4f} before"
    return Finding("expected calibration error", value, f"{most:.4f}", found <= most)


def _size(candidate: Recogniser, champion: Recogniser) -> Finding:
    was, found = (one.metadata["torchscript"]["bytes"] for one in (champion, candidate))
    most = int(was * LARGEST_GROWTH)
    return Finding("bytes", f"{found:,}, {was:,} before", f"{most:,}", found <= most)


def _slowdown(candidate: Recogniser, champion: Recogniser) -> Finding:
    picture = np.zeros((1, SIDE, SIDE), dtype=np.uint8)
    seconds: dict[Recogniser, list[float]] = {champion: [], candidate: []}
    for _ in range(ROUNDS):
        for recogniser, taken in seconds.items():
            started = time.perf_counter()
            recogniser.probabilities(picture)
            taken.append(time.perf_counter() - started)
    was, found = map(statistics.median, seconds.values())
    value = f"{1e3 * found:.2f} ms, {1e3 * was:.2f} ms before"
    return Finding("time of one picture", value, f"{MAX_SLOWDOWN:g} times", found <= MAX_SLOWDOWN * was)


def _gain(name: str, before: Tensor, now: Tensor, misread: int) -> Finding:
    """None fewer right than before, and more of them where at least so many were misread."""
    least = int(before.sum()) + (int((~before).sum()) >= misread)
    value = f"{int(now.sum())} of {len(now)} right, {int(before.sum())} before"
    return Finding(name, value, f"at least {least}", int(now.sum()) >= least)
