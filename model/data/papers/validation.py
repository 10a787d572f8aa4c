"""Pictures to measure on: digits that nothing learned from, each with one disturbance and without it; empty papers.

A picture's random numbers come from the seed and its own number, whatever its kind: with and without a disturbance it
shows the same digit, equally large, in the same place and light.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from PIL import Image

from model.data.digits import NOT_A_DIGIT, load_mnist, load_pen, split
from model.data.drawn_sets import split_writers
from model.data.papers.camera import take_picture
from model.data.papers.kinds import KINDS, Kind
from model.data.papers.scenes import blank_sheet, place_ink, uneven_light
from model.data.papers.sheet import Sheet
from model.data.papers.subjects import Handwriting, enlarged, ink_of
from model.data.pen_strokes import smooth
from model.data.rendering import CANVAS_SIDE, Strokes
from model.preprocessing.images import GreyImage

SEED = 20_261_126
SCAN_SHARE = 0.3  # of the digits are MNIST's, the others pen strokes
USUAL, SMALL, SMALL_SHARE = (0.2, 0.88), (0.08, 0.2), 0.15  # longer side of the ink, as a share of the picture's
ANY_SIZE = (0.04, 0.95)  # in shadow
LEAST_INK_PX = 44  # longer side of the ink: pictures of small digits are larger
PHOTOGRAPHED_SHARE = 0.6
LARGE_SHARE, LARGE_SIDE = 0.25, 480  # of pictures, in px; others are as large as a canvas
EXAMPLE = 8  # number of the picture that stands for others
NEIGHBOURS = 20  # strokes that neighbours are drawn from


@dataclass(frozen=True)
class PaperItem:
    """One picture to draw.

    Attributes:
        kind: of its disturbance; empty for none.
        family: which decides the digit's size.
        source: strokes, or a scan uint8 (28, 28).
        label: of the digit; `NOT_A_DIGIT` leaves the paper empty.
        number: of the picture; its random numbers come from it.
    """

    kind: str
    family: str
    source: Strokes | GreyImage
    label: int
    number: int

    def without(self) -> "PaperItem":
        """The same picture without its disturbance."""
        return PaperItem("", self.family, self.source, self.label, self.number)


@dataclass(frozen=True)
class Row:
    """A row of the table: its name, and the kinds that its pictures show in turn."""

    name: str
    kinds: Sequence[Kind]


def rows() -> list[Row]:
    """Every family's seen kinds, and all unseen kinds together."""
    families = sorted({kind.family for kind in KINDS.values()}, key=[kind.family for kind in KINDS.values()].index)
    by_family = [
        Row(name, [kind for kind in KINDS.values() if kind.is_seen and kind.family == name]) for name in families
    ]
    return [*by_family, Row("kinds unseen in training", [kind for kind in KINDS.values() if not kind.is_seen])]


def validation_digits(folder: Path) -> list[tuple[Strokes | GreyImage, int]]:
    """Digits that nothing learned from, with their labels: pen strokes of the validation writers, MNIST's scans."""
    _, writers = split_writers(load_pen(folder))
    _, mnist = split(load_mnist(folder, train=True))
    strokes = [(digit.strokes, digit.label) for digit in writers]
    count = round(SCAN_SHARE / (1 - SCAN_SHARE) * len(strokes))
    scans = [(image, label) for image, label in zip(mnist.images[:count].numpy(), mnist.labels.tolist(), strict=False)]
    mixed: list[tuple[Strokes | GreyImage, int]] = [*strokes, *scans]
    order = default_rng(SEED).permutation(len(mixed)).tolist()
    return [mixed[i] for i in order]


def items_of(
    row: Row, digits: Sequence[tuple[Strokes | GreyImage, int]], count: int, *, empty: bool
) -> list[PaperItem]:
    """The pictures of a row, its kinds and the digits in turn."""
    chosen = [(row.kinds[i % len(row.kinds)], *digits[i % len(digits)]) for i in range(count)]
    return [
        PaperItem(kind.name, kind.family, source, NOT_A_DIGIT if empty else label, number)
        for number, (kind, source, label) in enumerate(chosen)
    ]


def paper_picture(others: Sequence[Strokes], item: PaperItem, _: Generator) -> Image.Image:
    """Draw one picture, grey; `others` are the neighbours' strokes. All random numbers come from the item."""
    hand = Handwriting(others, (), np.zeros((0, 28, 28), np.uint8))
    sheet = _sheet(hand, item, default_rng((SEED, item.number)))
    if item.kind:
        KINDS[item.kind].add(sheet)
    picture, _ink = take_picture(sheet, default_rng((SEED, item.number, 1)))
    return Image.fromarray(picture)


def examples(folder: Path) -> dict[str, Image.Image]:
    """One picture of each of a few kinds, by what is in it."""
    digits = validation_digits(folder)
    draw, unused = drawer(digits), default_rng()
    return {
        name: draw(PaperItem(kind, "frames", *digits[EXAMPLE], EXAMPLE), unused)
        for name, kind in (
            ("plain", ""),
            ("underlined", "underline"),
            ("squared paper", "squared"),
            ("hard shadow", "straight shadow"),
        )
    }


def drawer(digits: Sequence[tuple[Strokes | GreyImage, int]]) -> partial[Image.Image]:
    """`paper_picture` with neighbours from these digits."""
    strokes = [source for source, _ in digits if isinstance(source, tuple)]
    return partial(paper_picture, strokes[:NEIGHBOURS])


def _sheet(hand: Handwriting, item: PaperItem, rng: Generator) -> Sheet:
    """A digit on clean paper, in the light and before the camera that it keeps when it is disturbed."""
    size = _size(item.family, rng)
    side = LARGE_SIDE if rng.random() < LARGE_SHARE else CANVAS_SIDE
    side = max(side, math.ceil(LEAST_INK_PX / size))
    is_photographed = rng.random() < PHOTOGRAPHED_SHARE
    sheet = blank_sheet(hand, rng, side)
    level = float(rng.uniform(0.55, 0.97)) if is_photographed else 1.0
    sheet.paper[:] = level
    sheet.pen = level * float(rng.uniform(0, 0.45))
    if item.label != NOT_A_DIGIT:
        ink = (
            ink_of(tuple(smooth(points) for points in item.source), round(size * side), rng)
            if isinstance(item.source, tuple)
            else enlarged(item.source, round(size * side))
        )
        place_ink(sheet, ink, at_middle=bool(rng.random() < 0.5))
    sheet.camera.is_negative = bool(rng.random() < 0.25)
    if is_photographed:
        uneven_light(sheet)
        sheet.camera.noise = float(rng.uniform(0.5, 6))
        sheet.camera.blur = float(rng.uniform(0.3, 1.2)) / side
        sheet.camera.jpeg_quality = int(rng.integers(40, 95)) if rng.random() < 0.5 else 0
    return sheet


def _size(family: str, rng: Generator) -> float:
    """Longer side of the ink, as a share of the picture's."""
    if family == "shadows":
        return math.exp(rng.uniform(*np.log(ANY_SIZE)))
    if rng.random() < SMALL_SHARE:
        return math.exp(rng.uniform(*np.log(SMALL)))
    return float(rng.uniform(*USUAL))
