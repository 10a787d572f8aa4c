"""Whose ink is on the paper: digits and letters of people's strokes, scans, numbers, figures, or none.

Only writers to learn from are read here for training; `model.data.drawn_sets.split_writers` keeps those to validate on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pen_strokes import draw_strokes, fit_to_box, smooth
from model.data.rendering import Strokes, vary_strokes
from model.data.shapes import scribble, shape
from model.preprocessing.images import GreyImage, as_uint8

PEN_SHARE = (0.035, 0.15)  # width of the pen as a share of the longer side of the ink
SUBJECTS = {"digit": 0.62, "letter": 0.1, "scan": 0.16, "number": 0.06, "figure": 0.06}  # how often each is drawn
SHARP_SCAN = 3.0  # factor by which a scan's edges are sharpened once it was enlarged


@dataclass(frozen=True)
class Handwriting:
    """What is written on the papers.

    Attributes:
        digits, letters: strokes of people.
        scans: uint8 (N, 28, 28), 0 = paper, 255 = ink.
    """

    digits: Sequence[Strokes]
    letters: Sequence[Strokes]
    scans: NDArray[np.uint8]

    def draw(self, rng: Generator, longer_px: int) -> GreyImage:
        """The ink of a subject of any kind, cropped, its longer side about so many px: uint8 (H, W), 255 = ink."""
        kind = str(rng.choice(list(SUBJECTS), p=list(SUBJECTS.values())))
        if kind == "scan" and len(self.scans):
            return enlarged(self.scans[int(rng.integers(len(self.scans)))], longer_px)
        if kind == "figure":
            return ink_of((scribble if rng.random() < 0.5 else shape)(rng), longer_px, rng)
        if kind == "number":
            return _side_by_side([self._written(self.digits, rng, longer_px) for _ in range(2)], longer_px, rng)
        return self._written(self.letters if kind == "letter" and self.letters else self.digits, rng, longer_px)

    def another(self, rng: Generator, longer_px: int) -> GreyImage:
        """The ink of a digit or letter beside the subject."""
        return self._written(self.digits if rng.random() < 0.7 else self.letters or self.digits, rng, longer_px)

    def _written(self, written: Sequence[Strokes], rng: Generator, longer_px: int) -> GreyImage:
        strokes = written[int(rng.integers(len(written)))]
        strokes = vary_strokes(strokes, rng) if rng.random() < 0.6 else strokes
        rounds = int(rng.integers(0, 3))
        return ink_of(tuple(smooth(points, rounds) for points in strokes), longer_px, rng)


def ink_of(strokes: Strokes, longer_px: int, rng: Generator) -> GreyImage:
    """Strokes drawn by a pen of random width, cropped, uint8 (H, W)."""
    longer_px = max(longer_px, 6)
    width = max(1.0, longer_px * rng.uniform(*PEN_SHARE))
    fitted = fit_to_box(strokes, width / 2 + 1, width / 2 + 1, max(longer_px - width, 1))
    side = math.ceil(longer_px + 2)
    return _cropped(draw_strokes(fitted, (side, side), width))


def enlarged(scan: GreyImage, longer_px: int) -> GreyImage:
    """A small scan's ink at any size, its edges about as sharp as a pen's, uint8 (H, W)."""
    tight = _cropped(scan).astype(np.float32) / 255
    scale = longer_px / max(tight.shape)
    size = [max(2, round(length * scale)) for length in tight.shape[::-1]]
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    large = np.pad(np.asarray(cv2.resize(tight, (size[0], size[1]), interpolation=how)), 1)
    sharpness = 1 + (SHARP_SCAN - 1) * float(np.clip((scale - 1) / 3, 0, 1))
    return as_uint8(np.rint(255 * np.clip((large - 0.5) * sharpness + 0.5, 0, 1)))


def _side_by_side(marks: Sequence[GreyImage], longer_px: int, rng: Generator) -> GreyImage:
    """Marks in a row, uint8 (H, W), scaled so that the row is as long as one mark was to be."""
    gap = round(rng.uniform(0.02, 0.2) * longer_px)
    row = np.zeros((max(mark.shape[0] for mark in marks), sum(mark.shape[1] + gap for mark in marks)), np.uint8)
    left = 0
    for mark in marks:
        top = (row.shape[0] - mark.shape[0]) // 2
        row[top : top + mark.shape[0], left : left + mark.shape[1]] = mark
        left += mark.shape[1] + gap
    scale = longer_px / max(row.shape)
    return as_uint8(cv2.resize(row, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)) if scale < 1 else row


def _cropped(ink: GreyImage) -> GreyImage:
    x, y, width, height = cv2.boundingRect(ink)
    return ink[y : y + height, x : x + width] if width else ink
