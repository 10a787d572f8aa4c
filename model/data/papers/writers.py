"""What people wrote, to put on papers: writers to learn from and writers to validate on, never mixed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.artifacts import sha256_of
from model.data.digits import PEN_FILE, load_mnist, load_pen, mnist_hashes, split
from model.data.drawn_sets import split_writers
from model.data.own_classes import load_stroke_arrays
from model.data.papers.subjects import Handwriting
from model.data.pen_strokes import PenDigit
from model.data.rendering import Strokes

STRANGERS = ("unipen_digits.npz", "unipen_letters.npz")  # further writers, where they are at hand
VALIDATION_MARK = "1"  # fifth character of a writer's id: that writer validates
LEAST_POINTS = 5  # of a sample; with fewer a stroke is missing


def handwriting(folder: Path) -> tuple[Handwriting, Handwriting]:
    """To learn from, and to validate on: MNIST, pen strokes, and UNIPEN's digits and letters where they are at hand.

    Raises:
        DataError: MNIST or the pen strokes are missing or broken.
    """
    writers, validation_writers = split_writers(load_pen(folder))
    mnist, validation_mnist = split(load_mnist(folder, train=True))
    digits, letters = (
        [_strangers(folder / "strangers" / name, validates=v) for v in (False, True)] for name in STRANGERS
    )
    return (
        Handwriting([*_strokes(writers), *digits[0]], letters[0], mnist.images.numpy()),
        Handwriting([*_strokes(validation_writers), *digits[1]], letters[1], validation_mnist.images.numpy()),
    )


def handwriting_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that `handwriting` reads, by name."""
    paths = [folder / "pendigits" / PEN_FILE, *(folder / "strangers" / name for name in STRANGERS)]
    return mnist_hashes(folder) | {path.name: sha256_of(path) for path in paths if path.exists()}


def _strokes(digits: Sequence[PenDigit]) -> list[Strokes]:
    return [digit.strokes for digit in digits]


def _strangers(path: Path, *, validates: bool) -> list[Strokes]:
    """The samples of one part's writers; none where the file is missing."""
    if not path.exists():
        return []
    arrays = load_stroke_arrays(path)
    strokes = np.split(arrays["points"].astype(np.float64), arrays["stroke_end"][:-1])
    starts = [0, *arrays["sample_end"][:-1].tolist()]
    samples = [tuple(strokes[start:end]) for start, end in zip(starts, arrays["sample_end"].tolist(), strict=True)]
    part = [(str(writer)[4:5] == VALIDATION_MARK) == validates for writer in arrays["writers"]]
    return [
        sample
        for sample, is_kept in zip(samples, part, strict=True)
        if is_kept and sum(map(len, sample)) >= LEAST_POINTS
    ]
