"""Things on the paper or in it that are no print: neighbours cut off by the picture's edge, punched holes, staples."""

import math

import numpy as np

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet, direction, plane, ramp

LARGEST_PART = 0.55  # of a neighbour in the picture, as a share of the digit's size


@seen("things")
def neighbours(sheet: Sheet) -> None:
    """One or two other digits or letters, most of each beyond the picture's edge."""
    rng, size = sheet.rng, sheet.size()
    for _ in range(int(rng.integers(1, 3))):
        strokes = sheet.another(round(max(size * rng.uniform(0.6, 1.2), 0.06) * sheet.side))
        height, width = (length / sheet.side for length in strokes.shape)
        inside, along = rng.uniform(0.1, 0.5) * size, rng.uniform(-0.2, 0.9)
        left, top = (
            (inside - width, along),
            (1 - inside, along),
            (along, inside - height),
            (along, 1 - inside),
        )[int(rng.integers(4))]
        box = sheet.box()
        apart = left + width < box[0] or left > box[2] or top + height < box[1] or top > box[3]
        across = min(left + width, 1) - max(left, 0)
        down = min(top + height, 1) - max(top, 0)
        if apart and max(across, down) < LARGEST_PART * size:
            sheet.stamp(strokes, left, top)


@seen("things")
def punched_holes(sheet: Sheet) -> None:
    """One or two holes at a side of the sheet, dark or with a bright rim."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    left, top, right, bottom = sheet.box()
    radius, level = rng.uniform(0.02, 0.07), rng.uniform(0, 0.8)
    is_left, is_down = rng.random() < 0.5, rng.random() < 0.5
    margin = (left if is_left else 1 - right) if is_down else (top if is_left else 1 - bottom)
    beside = min(max(margin - radius - 0.02, -radius / 2), rng.uniform(0.02, 0.15))
    beside = beside if is_left else 1 - beside
    for along in (rng.uniform(0, 0.4), rng.uniform(0.6, 1)):
        across, down = (beside, along) if is_down else (along, beside)
        hole = ramp(radius - np.hypot(x - across, y - down), 1.5 / sheet.side)
        sheet.paper += hole * (level * sheet.paper - sheet.paper)


@unseen("things")
def staple(sheet: Sheet) -> None:
    """A staple or a paper clip near a corner: short bright and dark lines side by side."""
    rng, (left, top, _, _) = sheet.rng, sheet.box()
    place = np.array((min(0.25, left / 2), min(0.25, top / 2))) * rng.uniform(0.4, 1, 2)
    along = np.array(direction(rng.uniform(0, math.pi))) * rng.uniform(0.06, 0.12)
    for shift, strength in ((0.0, 1.0), (0.008, 0.5)):
        sheet.path(np.stack((place - along / 2, place + along / 2)) + shift, rng.uniform(0.006, 0.012), strength)


@unseen("things")
def torn_edge(sheet: Sheet) -> None:
    """A ragged edge on one side, a desk beyond it."""
    x, y = plane(sheet.side)
    rng, (left, top, right, bottom) = sheet.rng, sheet.box()
    side = int(rng.integers(4))
    room = (left, top, 1 - right, 1 - bottom)[side]
    place = max(room - 0.04, 0.0) * rng.uniform(0.3, 0.9)
    distance = (x, y, 1 - x, 1 - y)[side] - place + 0.012 * sheet.texture(0.03)
    off_sheet = ramp(-distance, 2 / sheet.side)
    sheet.paper += off_sheet * (rng.uniform(0.05, 0.7) * sheet.paper - sheet.paper)
