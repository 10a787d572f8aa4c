"""Lines under, beside and through the digit: underlines, ruled and squared paper, tables."""

import math

import numpy as np

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Sheet

THIN, THICK = (0.003, 0.012), (0.004, 0.035)  # widths


@seen("lines")
def underline(sheet: Sheet) -> None:
    """A line under the digit that does not touch it."""
    _underline(sheet, sheet.rng.uniform(0.04, 0.3) * sheet.size())


@seen("lines")
def touching_line(sheet: Sheet) -> None:
    """A line that touches the digit's foot or cuts it off."""
    _underline(sheet, sheet.rng.uniform(-0.15, 0.03) * sheet.size())


@seen("lines")
def ruled(sheet: Sheet) -> None:
    """The lines of an exercise book."""
    _ruled(sheet, _pitch(sheet), _tilt(sheet))


@seen("lines")
def squared(sheet: Sheet) -> None:
    """Squared paper."""
    pitch, tilt = _pitch(sheet), _tilt(sheet)
    width, strength = _fine(sheet, pitch)
    _ruled(sheet, pitch, tilt, width=width, strength=strength)
    _ruled(sheet, pitch, tilt + math.pi / 2, width=width, strength=strength)


@seen("lines")
def table(sheet: Sheet) -> None:
    """A few lines across and down at any place."""
    rng, tilt = sheet.rng, _tilt(sheet)
    for _ in range(int(rng.integers(1, 5))):
        angle = tilt + (math.pi / 2 if rng.random() < 0.5 else 0)
        _through(sheet, rng.uniform(-0.5, 0.5), angle, rng.uniform(*THICK), rng.uniform(0.3, 1))


@seen("lines")
def double_line(sheet: Sheet) -> None:
    """Two lines close together, under the digit or through it."""
    rng, (_, top, _, bottom) = sheet.rng, sheet.box()
    y, gap, width = rng.uniform(top, bottom + 0.1) - 0.5, rng.uniform(0.02, 0.08), rng.uniform(*THIN)
    tilt = _tilt(sheet)
    for place in (y, y + gap):
        _through(sheet, place, tilt, width, rng.uniform(0.5, 1))


@seen("lines")
def curve(sheet: Sheet) -> None:
    """A long bent line, as of a drawing or a map, at any place."""
    rng = sheet.rng
    angle, bend = rng.uniform(0, 2 * math.pi), rng.uniform(-0.6, 0.6)
    along, beside = np.array((math.cos(angle), math.sin(angle))), np.array((-math.sin(angle), math.cos(angle)))
    t = np.linspace(-1, 1, 60)[:, np.newaxis]
    points = 0.5 + rng.uniform(-0.4, 0.4) * beside + 0.9 * t * along + bend * (t * t - 0.3) * beside
    sheet.path(points, rng.uniform(*THIN), rng.uniform(0.4, 1))


@unseen("lines")
def dashed(sheet: Sheet) -> None:
    """A dashed line under the digit or across its foot."""
    _broken(sheet, sheet.rng.uniform(0.02, 0.06), sheet.rng.uniform(0.4, 0.7))


@unseen("lines")
def dotted(sheet: Sheet) -> None:
    """A dotted line under the digit or across its foot."""
    _broken(sheet, sheet.rng.uniform(0.012, 0.03), 0.0)


@unseen("lines")
def slanted(sheet: Sheet) -> None:
    """One or two lines at any slant, as a form's crossed-out field; they may cross the digit."""
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 3))):
        angle = rng.choice((-1, 1)) * math.radians(rng.uniform(12, 60))
        _through(sheet, rng.uniform(-0.35, 0.35), angle, rng.uniform(*THIN), rng.uniform(0.4, 1))


@unseen("lines")
def four_line_system(sheet: Sheet) -> None:
    """A first writer's lines: two strong ones around the digit, two faint ones farther out."""
    _, top, _, bottom = sheet.box()
    width = sheet.rng.uniform(*THIN)
    for y, strength in ((top, 1.0), (bottom, 1.0), (top - 0.5 * sheet.size(), 0.5), (bottom + 0.5 * sheet.size(), 0.5)):
        sheet.line((0, y), (1, y), width, strength)


def _underline(sheet: Sheet, gap: float) -> None:
    """A line `gap` below the ink, across the picture or a little wider than the digit."""
    rng, (left, _, right, bottom) = sheet.rng, sheet.box()
    tilt = _tilt(sheet) / 2
    if rng.random() < 0.4:
        left, right = -0.02, 1.02
    else:
        left, right = left - rng.uniform(0, 0.8) * sheet.size(), right + rng.uniform(0, 0.8) * sheet.size()
    y = min(bottom + gap, max(bottom, 0.975))  # within the picture
    sheet.line((left, y + tilt), (right, y - tilt), rng.uniform(*THICK), rng.uniform(0.4, 1))


def _pitch(sheet: Sheet) -> float:
    """Distance of ruled lines: from a fifth of the digit to twice its size, within the picture."""
    return float(np.clip(sheet.size() * math.exp(sheet.rng.uniform(-1.6, 0.7)), 0.06, 0.6))


def _tilt(sheet: Sheet) -> float:
    return float(sheet.rng.normal(0, 0.03)) if sheet.rng.random() < 0.6 else 0.0


def _fine(sheet: Sheet, pitch: float) -> tuple[float, float]:
    """Width and strength of a ruled paper's lines."""
    return min(float(sheet.rng.uniform(*THIN)), pitch / 5), float(sheet.rng.uniform(0.15, 0.9))


def _ruled(sheet: Sheet, pitch: float, angle: float, width: float | None = None, strength: float | None = None) -> None:
    fine_width, fine_strength = _fine(sheet, pitch)
    place = -0.8 + sheet.rng.uniform(0, pitch)
    while place < 0.8:
        _through(sheet, place, angle, width or fine_width, strength or fine_strength)
        place += pitch


def _through(sheet: Sheet, place: float, angle: float, width: float, strength: float) -> None:
    """A line across the whole picture at `angle`, `place` beside the middle."""
    along, beside = np.array((math.cos(angle), math.sin(angle))), np.array((-math.sin(angle), math.cos(angle)))
    middle = 0.5 + place * beside
    sheet.path(np.stack((middle - 1.2 * along, middle + 1.2 * along)), width, strength)


def _broken(sheet: Sheet, pitch: float, filled: float) -> None:
    """Dashes that fill a share of each `pitch`; none filled gives dots."""
    rng, (_, _, _, bottom) = sheet.rng, sheet.box()
    y, width, strength = (
        bottom + rng.uniform(-0.12, 0.12) * sheet.size(),
        rng.uniform(0.005, 0.016),
        rng.uniform(0.5, 1),
    )
    for x in np.arange(rng.uniform(0, pitch), 1, pitch).tolist():
        sheet.line((x, y), (x + filled * pitch, y), width, strength)
