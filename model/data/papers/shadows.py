"""Light that something stands in: the hard and soft shadows of hands, phones and window bars."""

import math

import numpy as np

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet, direction, plane, ramp
from model.preprocessing.images import Levels

DEPTH = (0.12, 0.65)  # share of the light that a shadow takes
HARD, SOFT = (0.004, 0.04), (0.05, 0.3)  # width of a shadow's edge


@seen("shadows")
def straight_shadow(sheet: Sheet) -> None:
    """A hard edge across the picture, on either side of the digit or through it."""
    sheet.shade(ramp(_from_edge(sheet), sheet.rng.uniform(*HARD)), sheet.rng.uniform(*DEPTH))


@seen("shadows")
def corner_shadow(sheet: Sheet) -> None:
    """The hard corner of a phone or a sheet held above."""
    inside = np.minimum(_from_edge(sheet), _from_edge(sheet))
    sheet.shade(ramp(inside, sheet.rng.uniform(*HARD)), sheet.rng.uniform(*DEPTH))


@seen("shadows")
def round_shadow(sheet: Sheet) -> None:
    """A disc's shadow, the picture in it or beside it."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    distance = rng.uniform(0.1, 0.7) - np.hypot(x - rng.uniform(-0.2, 1.2), y - rng.uniform(-0.2, 1.2))
    sheet.shade(ramp(distance if rng.random() < 0.7 else -distance, rng.uniform(*HARD)), rng.uniform(*DEPTH))


@seen("shadows")
def soft_shadow(sheet: Sheet) -> None:
    """The wide edge of a distant shadow."""
    sheet.shade(ramp(_from_edge(sheet), sheet.rng.uniform(*SOFT)), sheet.rng.uniform(*DEPTH))


@seen("shadows")
def band_shadow(sheet: Sheet) -> None:
    """The shadows of one to three pencils or rods across the picture."""
    for _ in range(int(sheet.rng.integers(1, 4))):
        half = sheet.rng.uniform(0.015, 0.2) - np.abs(_from_edge(sheet))
        sheet.shade(ramp(half, sheet.rng.uniform(*HARD)), sheet.rng.uniform(*DEPTH))


@unseen("shadows")
def finger_shadows(sheet: Sheet) -> None:
    """Two to four fingers side by side from one edge of the picture."""
    x, y = plane(sheet.side)
    rng, angle = sheet.rng, sheet.rng.uniform(0, 2 * math.pi)
    across, down = direction(angle)
    along, beside = (x - 0.5) * across + (y - 0.5) * down, (y - 0.5) * across - (x - 0.5) * down
    width, first = rng.uniform(0.05, 0.12), rng.uniform(-0.4, 0)
    covered = np.zeros_like(x)
    for finger in range(int(rng.integers(2, 5))):
        tip = rng.uniform(-0.2, 0.3)
        distance = np.hypot(np.minimum(along - tip, 0), beside - first - 2.3 * width * finger)
        covered = np.maximum(covered, ramp(width - distance, rng.uniform(*HARD)))
    sheet.shade(covered, rng.uniform(*DEPTH))


@unseen("shadows")
def blinds(sheet: Sheet) -> None:
    """Stripes of light through a window's blinds."""
    distance, pitch = _from_edge(sheet), sheet.rng.uniform(0.12, 0.4)
    stripes = np.abs(np.remainder(distance / pitch, 1) - 0.5) - 0.25
    sheet.shade(ramp(stripes * pitch, sheet.rng.uniform(*HARD)), sheet.rng.uniform(0.12, 0.5))


def _from_edge(sheet: Sheet) -> Levels:
    """Distance of each pixel from a straight line at random, negative on one side, float32 (S, S)."""
    x, y = plane(sheet.side)
    across, down = direction(sheet.rng.uniform(0, 2 * math.pi))
    return np.asarray((x - 0.5) * across + (y - 0.5) * down - sheet.rng.uniform(-0.35, 0.35), np.float32)
