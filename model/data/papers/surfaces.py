"""The paper itself: stains, folds, blotches, specks."""

import math

import numpy as np

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet, direction, plane, ramp


@seen("surfaces")
def stains(sheet: Sheet) -> None:
    """One to three stains with a ragged edge, filled or pale within."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 4))):
        (left, top), radii = rng.uniform(0, 1, 2), rng.uniform(0.04, 0.3, 2)
        distance = np.hypot((x - left) / radii[0], (y - top) / radii[1]) + 0.15 * sheet.texture(0.2)
        inside = 1 / (1 + np.exp(np.clip((distance - 1) * rng.uniform(2, 20), -30, 30)))
        if rng.random() < 0.4:
            inside = inside * np.exp(-np.clip((1 - distance) * rng.uniform(0, 4), 0, 5))
        sheet.darken(inside * rng.uniform(0.05, 0.4))


@seen("surfaces")
def fold(sheet: Sheet) -> None:
    """One or two folds: a bright or dark crease, the paper a little darker on one side."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 3))):
        across, down = direction(rng.uniform(0, 2 * math.pi))
        distance = (x - 0.5) * across + (y - 0.5) * down - rng.uniform(-0.4, 0.4)
        crease = np.exp(-((distance / rng.uniform(0.003, 0.012)) ** 2))
        sheet.darken(crease * rng.uniform(-0.15, 0.35))
        sheet.shade(ramp(distance, rng.uniform(0.01, 0.3)), rng.uniform(0, 0.15))


@seen("surfaces")
def mottled(sheet: Sheet) -> None:
    """Uneven paper: blotches of any grain."""
    grain = math.exp(sheet.rng.uniform(math.log(0.006), math.log(0.3)))
    sheet.darken(np.clip(sheet.texture(grain) * sheet.rng.uniform(0.02, 0.12), -0.3, 0.5))


@seen("surfaces")
def specks(sheet: Sheet) -> None:
    """Dust, dots and short hairs."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 14))):
        place = rng.uniform(0, 1, 2)
        end = place + (rng.normal(0, 0.02, 2) if rng.random() < 0.4 else 0)
        sheet.path(np.stack((place, end)), rng.uniform(0.003, max(0.008, 0.03 * sheet.size())), rng.uniform(0.3, 1))


@unseen("surfaces")
def crumpled(sheet: Sheet) -> None:
    """Paper that was crumpled and smoothed: many facets, each lit differently, with sharp edges between them."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    facets = np.zeros_like(x)
    for _ in range(int(rng.integers(8, 20))):
        across, down = direction(rng.uniform(0, 2 * math.pi))
        distance = (x - rng.uniform(0, 1)) * across + (y - rng.uniform(0, 1)) * down
        facets += rng.normal(0, 0.04) * np.sign(distance) + rng.normal(0, 0.1) * np.abs(distance)
    sheet.shade(np.clip(facets, -0.5, 0.5), 1.0)


@unseen("surfaces")
def cup_ring(sheet: Sheet) -> None:
    """The ring that a wet cup leaves, beside the digit or around it."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    distance = np.hypot(x - rng.uniform(0.1, 0.9), y - rng.uniform(0.1, 0.9)) - rng.uniform(0.25, 0.6)
    width = rng.uniform(0.006, 0.02) * (1 + 0.3 * sheet.texture(0.1))
    sheet.darken(np.exp(-((distance / np.maximum(width, 0.002)) ** 2)) * rng.uniform(0.1, 0.4))
