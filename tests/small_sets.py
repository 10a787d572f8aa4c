"""Small sets to rehearse and to judge on, of digits drawn by the tests, and corrections of a zero with a slash."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import default_rng

from benchmarks.teaching.served import sent
from learner.sets import MNIST_VALIDATION, Sets
from learner.teaching.examples import Example
from model.data.corrections import NO_DIGIT, Stroke
from model.data.digits import Digits, as_seen, load_mnist, split
from model.data.drawn_sets import joined, nondigits
from model.data.pen_strokes import draw_strokes, fit_to_box
from model.data.rendering import Strokes, vary_strokes
from model.preprocessing.digit import digit_of
from tests.drawing import STROKES, draw, encoded

SIDE = 140  # px; of the canvas that digits are drawn on
SLASHED = ((0.85, 0.05), (0.15, 0.95))
SLASHED_ZERO: Strokes = (*STROKES[0], np.array(SLASHED))


def drawn(count: int, seed: int) -> Digits:
    """So many digits, each class in turn, each written a little differently."""
    return joined([written(STROKES[i % 10], i % 10, (seed, i)) for i in range(count)])


def written(strokes: Strokes, label: int, seed: tuple[int, ...]) -> Digits:
    """One figure as a hand would write it, as the network sees it."""
    rng = default_rng(seed)
    points = fit_to_box(vary_strokes(strokes, rng), 20, 20, 100)
    image = digit_of(draw_strokes(points, (SIDE, SIDE), rng.uniform(6, 12)))
    return Digits(torch.from_numpy(image)[None], torch.tensor([label]))


def small_sets() -> Sets:
    """Sets that are drawn in a second, for the real network; too few for any candidate to pass the gate."""
    return Sets(
        rehearsal=joined([drawn(250, 1), nondigits(60, 1)]),
        validation={MNIST_VALIDATION: drawn(500, 2), "pen strokes, canvas": drawn(250, 3)},
        elsewhere={"optical digits, 8x8": drawn(250, 4)},
        nondigits={"letters": nondigits(60, 5)},
    )


def judging_sets(data: Path) -> Sets:
    """Sets that take seconds, with MNIST's real validation digits: a good candidate passes the gate.

    Args:
        data: the folder that holds MNIST.
    """
    training, validation = split(load_mnist(data, train=True, download=False))
    return Sets(
        rehearsal=joined([as_seen(training[:1_500]), drawn(500, 1), nondigits(800, 1)]),
        validation={MNIST_VALIDATION: as_seen(validation)},
        elsewhere={"drawn by the tests": drawn(1_000, 4)},
        nondigits={"scribbles": nondigits(600, 5)},
    )


def slashed_zeros(count: int, label: str = "0", by: str = "anna") -> list[Example]:
    """Drawings of zeros with a slash, corrected to a label."""
    found = []
    for number in range(count):
        shift = default_rng(number).uniform(-0.08, 0.08, (2, 2))
        slash = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(SLASHED, shift, strict=True)]
        strokes = [[(float(x), float(y)) for x, y in STROKES[0][0]], slash]
        picture = encoded(draw(strokes, width=12 + number % 8))
        kept = tuple(Stroke(np.array(stroke, np.float32) * 0.5, 0.05, False) for stroke in strokes)
        found.append(Example(f"{label}-{number}", picture, label, kept, by))
    return found


def zeros(first: int, last: int) -> list[dict[str, Any]]:
    """Slashed zeros that were corrected, as the page sends them."""
    return [one | {"answer": NO_DIGIT, "version": "1.0"} for one in sent(slashed_zeros(last)[first:])]
