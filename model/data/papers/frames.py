"""Frames, borders and edges around the digit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet, direction, plane, ramp

LINE_WIDTH = (0.003, 0.03)  # of printed lines
Sides = NDArray[Any]
CLEARANCE = 0.02  # between a frame's line and the ink


@seen("frames")
def border(sheet: Sheet) -> None:
    """A line along all four sides of the picture."""
    _frame(sheet, np.zeros(4), _sides(sheet, 4))


@seen("frames")
def frame(sheet: Sheet) -> None:
    """A frame inside the picture, the same distance from each side, or nearly."""
    inset = _room(sheet) * sheet.rng.uniform(0.05, 0.9) * np.ones(4)
    if sheet.rng.random() < 0.4:
        inset = _room(sheet) * sheet.rng.uniform(0, 0.9, 4)
    _frame(sheet, inset, _sides(sheet, 4))


@seen("frames")
def some_sides(sheet: Sheet) -> None:
    """One to three sides of a frame, at the picture's edge or inside."""
    inset = _room(sheet) * (sheet.rng.uniform(0, 0.9, 4) if sheet.rng.random() < 0.6 else np.zeros(4))
    _frame(sheet, inset, _sides(sheet, int(sheet.rng.integers(1, 4))))


@seen("frames")
def cell(sheet: Sheet) -> None:
    """A box around the digit itself, as on a form; its lines may go on beyond the corners."""
    left, top, right, bottom = sheet.box()
    gap = sheet.rng.uniform(CLEARANCE, 0.3, 4) * sheet.size()
    inset = np.array((left, top, 1 - right, 1 - bottom)) - gap
    overshoot = sheet.rng.uniform(0, 0.4) * sheet.size() if sheet.rng.random() < 0.4 else 0.0
    _frame(sheet, np.maximum(inset, 0), _sides(sheet, 4), overshoot)


@seen("frames")
def corner_marks(sheet: Sheet) -> None:
    """An angle in each corner, as a scanner's or a form's register marks."""
    inset, length, width = sheet.rng.uniform(0.01, 0.12), sheet.rng.uniform(0.04, 0.15), sheet.rng.uniform(*LINE_WIDTH)
    for x, across in ((inset, length), (1 - inset, -length)):
        for y, down in ((inset, length), (1 - inset, -length)):
            sheet.path(np.array(((x + across, y), (x, y), (x, y + down))), width)


@seen("frames")
def sheet_edge(sheet: Sheet) -> None:
    """The sheet ends on one to four sides; beyond lies a desk, darker or lighter."""
    rng = sheet.rng
    level = rng.uniform(0.02, 0.75) if rng.random() < 0.8 else rng.uniform(1.1, 1.5)
    for side in rng.permutation(4)[: rng.integers(1, 5)]:
        off_sheet = _beyond(sheet, int(side), rng.uniform(0.03, 0.9), rng.normal(0, 0.05))
        sheet.paper += off_sheet * (np.minimum(level * sheet.paper, 1) - sheet.paper)


@unseen("frames")
def rounded_frame(sheet: Sheet) -> None:
    """A frame with round corners, as of a button or a phone's screen."""
    x, y = plane(sheet.side)
    half = 0.5 - _room(sheet).min() * sheet.rng.uniform(0.1, 0.8)
    radius, width = sheet.rng.uniform(0.05, 0.2), sheet.rng.uniform(*LINE_WIDTH)
    across, down = (np.maximum(np.abs(axis - 0.5) - (half - radius), 0) for axis in (x, y))
    distance = np.abs(np.hypot(across, down) - radius)
    sheet.stamp(np.asarray(255 * ramp(width / 2 - distance, 1 / sheet.side), np.uint8), 0, 0)


@unseen("frames")
def double_frame(sheet: Sheet) -> None:
    """Two frames, one within the other."""
    outer = _room(sheet) * sheet.rng.uniform(0.05, 0.5)
    width = sheet.rng.uniform(0.003, 0.012)
    for inset in (outer, outer + (_room(sheet) - outer) * sheet.rng.uniform(0.2, 0.6)):
        _frame(sheet, inset, np.arange(4), width=width)


@unseen("frames")
def comb(sheet: Sheet) -> None:
    """Short ticks on a line below the digit, as a form's comb for one character each."""
    left, _, right, bottom = sheet.box()
    y, pitch = min(bottom + 0.06, 0.97), (right - left) * sheet.rng.uniform(1.2, 1.6)
    width, height = sheet.rng.uniform(0.003, 0.012), sheet.rng.uniform(0.04, 0.3) * sheet.size()
    sheet.line((0, y), (1, y), width)
    for step in range(-6, 7):
        x = (left + right) / 2 + (step + 0.5) * pitch
        sheet.line((x, y), (x, y - height), width)


def _room(sheet: Sheet) -> Sides:
    """Free space between the ink and the left, top, right and bottom of the picture, (4,)."""
    left, top, right, bottom = sheet.box()
    return np.maximum(np.array((left, top, 1 - right, 1 - bottom)) - CLEARANCE, 0)


def _sides(sheet: Sheet, count: int) -> Sides:
    return sheet.rng.permutation(4)[:count]


def _frame(sheet: Sheet, inset: Sides, sides: Sides, overshoot: float = 0.0, width: float | None = None) -> None:
    """Lines `inset` from the left, top, right and bottom, (4,), a little askew now and then."""
    rng = sheet.rng
    left, top, right, bottom = inset[0], inset[1], 1 - inset[2], 1 - inset[3]
    tilt = rng.normal(0, 0.01) if rng.random() < 0.4 else 0.0
    width = rng.uniform(*LINE_WIDTH) * (0.4 if rng.random() < 0.5 else 1) if width is None else width
    strength = rng.uniform(0.4, 1)
    lines = (
        ((left - tilt, top - overshoot), (left + tilt, bottom + overshoot)),
        ((left - overshoot, top + tilt), (right + overshoot, top - tilt)),
        ((right - tilt, top - overshoot), (right + tilt, bottom + overshoot)),
        ((left - overshoot, bottom + tilt), (right + overshoot, bottom - tilt)),
    )
    for side in sides:
        sheet.line(*lines[int(side)], width, strength)


def _beyond(sheet: Sheet, side: int, share: float, tilt: float) -> Sides:
    """Coverage of what lies beyond an edge that leaves `1 - share` of the room between picture's edge and ink."""
    x, y = plane(sheet.side)
    angle = (0, np.pi / 2, np.pi, 3 * np.pi / 2)[side] + tilt
    across, down = direction(angle)
    from_middle = (x - 0.5) * across + (y - 0.5) * down
    place = -0.5 + float(_room(sheet)[side]) * share
    return ramp(place - from_middle, 1.5 / sheet.side)
