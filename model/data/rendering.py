"""Pictures of ink as people send them: drawn on a canvas, white on black, photographed on paper, scanned small.

All chance comes from the generator that is passed in, so the same seed draws the same pictures.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from model.data.pen_strokes import Points, draw_strokes, fit_to_box
from model.preprocessing.images import Map

CANVAS_SIDE = 280  # px of a drawing page's canvas, which the pen widths below belong to
PEN_WIDTH_PX = (8.0, 26.0)
INK_SHARE = (0.35, 0.85)  # of the canvas's side that the longer side of the ink spans
SCAN_SIDE = (8, 25)  # px of a small scan's longer side, from and below
LINE_SPACING = (0.14, 0.45)  # of the picture's side, between the printed lines of paper
LINE_WIDTH_PX = (1.0, 3.0)
LINE_STRENGTH = (0.05, 0.3)  # of full ink
CROP_MARGIN = (0.03, 0.25)  # of the ink's longer side; without any, a straight 1 is a block
CROP_SIDE = (24, 280)  # px of a cropped photograph's longer side
MOST_STRETCH = 1.8  # that such a scan's shorter side is stretched by; more makes a block of a 1

Strokes = tuple[Points, ...]
Renderer = Callable[[Strokes, Generator], Image.Image]


def on_canvas(strokes: Strokes, chance: Generator) -> Image.Image:
    """Black ink on transparent paper, RGBA, as a browser's canvas gives it."""
    rgba = np.zeros((CANVAS_SIDE, CANVAS_SIDE, 4), dtype=np.uint8)
    rgba[..., 3] = _ink_somewhere(strokes, chance)
    return Image.fromarray(rgba, "RGBA")


def white_on_black(strokes: Strokes, chance: Generator) -> Image.Image:
    """The same drawing in white on black, grey."""
    return Image.fromarray(_ink_somewhere(strokes, chance), "L")


def photographed(strokes: Strokes, chance: Generator) -> Image.Image:
    """The same drawing in dark ink on paper, photographed."""
    return photo(_ink_somewhere(strokes, chance), chance)


def on_printed_paper(strokes: Strokes, chance: Generator) -> Image.Image:
    """The same drawing on ruled or squared paper, photographed."""
    ink = _ink_somewhere(strokes, chance)
    return photo(np.maximum(ink, printed_lines(chance)), chance)


def printed_lines(chance: Generator) -> Map:
    """The lines of ruled paper or, every other time, of squared paper, a little askew: uint8 (280, 280), 255 = ink."""
    x, y = plane()
    angle, spacing = chance.normal(0, 0.03), 2 * chance.uniform(*LINE_SPACING)
    width, strength = chance.uniform(*LINE_WIDTH_PX), chance.uniform(*LINE_STRENGTH)
    lines = np.zeros_like(x)
    for across in (y, x)[: int(chance.integers(1, 3))]:
        along = x + y - across
        offset = np.remainder(across * math.cos(angle) + along * math.sin(angle) + chance.uniform(0, spacing), spacing)
        distance_px = np.minimum(offset, spacing - offset) * (CANVAS_SIDE / 2)
        lines = np.maximum(lines, np.clip((width + 1) / 2 - distance_px, 0, 1))
    return np.asarray(np.rint(255 * strength * lines), dtype=np.uint8)


def cropped_photo(strokes: Strokes, chance: Generator) -> Image.Image:
    """The same drawing photographed, and cut out of the photograph with little paper around it, at any size."""
    ink = _ink_somewhere(strokes, chance)
    x, y, width, height = cv2.boundingRect(ink)
    margin = chance.uniform(*CROP_MARGIN) * max(width, height)
    corners = np.array((x - margin, y - margin, x + width + margin, y + height + margin))
    left, top, right, bottom = np.rint(np.clip(corners, 0, CANVAS_SIDE)).astype(int).tolist()
    picture = photo(ink, chance).crop((left, top, right, bottom))
    side = math.exp(chance.uniform(*np.log(CROP_SIDE)))
    picture.thumbnail((side, side))
    return picture


def photo(ink: Map, chance: Generator) -> Image.Image:
    """Ink, uint8 (280, 280), on unevenly lit, tinted, grainy paper, a little out of focus, decoded from JPEG."""
    x, y = plane()
    angle = chance.uniform(0, 2 * np.pi)
    slope = chance.uniform(0, 0.35) * (x * np.cos(angle) + y * np.sin(angle))
    vignette = chance.uniform(0, 0.2) * (x * x + y * y)
    light = np.clip(1 + slope - vignette, 0.2, None).astype(np.float32)
    if chance.random() < 0.3:  # the shadow of a hand: a soft edge across the paper
        angle, place = chance.uniform(0, 2 * np.pi), chance.uniform(-0.8, 0.8)
        edge = x * np.cos(angle) + y * np.sin(angle) - place
        light *= (1 - chance.uniform(0.1, 0.4) / (1 + np.exp(-edge * chance.uniform(4, 20)))).astype(np.float32)
    paper = chance.uniform(140, 245) * chance.uniform(0.85, 1.0, 3).astype(np.float32)
    pen = chance.uniform(0.0, 0.45) * chance.uniform(0.3, 1.0, 3).astype(np.float32)
    coverage = (ink * np.float32(chance.uniform(0.8, 1.0) / 255))[..., np.newaxis]
    colour = light[..., np.newaxis] * (paper - coverage * (paper * (1 - pen)))
    colour = cv2.GaussianBlur(colour, (0, 0), chance.uniform(0.3, 1.5))
    colour += chance.standard_normal(colour.shape, dtype=np.float32) * np.float32(chance.uniform(0.5, 7))
    picture = Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8), "RGB")
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=int(chance.integers(35, 95)))
    return Image.open(buffer)


def as_picture(ink: Map, chance: Generator) -> Image.Image:
    """Ink, uint8 (280, 280), mostly as it is, light on dark; now and then photographed or scanned small."""
    kind = chance.random()
    if kind < 0.2:
        return photo(ink, chance)
    return shrunk_scan(ink, chance) if kind < 0.35 else Image.fromarray(ink, "L")


def scanned_small(strokes: Strokes, chance: Generator) -> Image.Image:
    """A tight little scan, 8 to 24 px, grey or bilevel, sometimes stretched towards a square."""
    side = 4 * CANVAS_SIDE // 5
    fitted = fit_to_box(strokes, 0.12 * side, 0.12 * side, 0.76 * side)
    drawn = draw_strokes(fitted, (side, side), chance.uniform(10, 34))
    return shrunk_scan(drawn, chance)


def shrunk_scan(ink: Map, chance: Generator) -> Image.Image:
    """Ink of any size, uint8 (H, W), as such a little scan."""
    x, y, width, height = cv2.boundingRect(ink)
    tight = ink[y : y + height, x : x + width]
    small_side = int(chance.integers(*SCAN_SIDE))
    stretch = chance.uniform(1, MOST_STRETCH) if chance.random() < 0.4 else 1.0
    scale = small_side / max(width, height)
    size = [min(small_side, max(2, round(length * scale * stretch))) for length in (width, height)]
    small = np.asarray(cv2.resize(tight, (size[0], size[1]), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if chance.random() < 0.5:
        small = np.asarray((small > chance.uniform(80, 160)) * 255, dtype=np.uint8)
    margin = int(chance.integers(0, 4))
    small = np.pad(small, margin)
    return Image.fromarray(small if chance.random() < 0.5 else 255 - small, "L")


RENDERERS: dict[str, Renderer] = {
    "canvas": on_canvas,
    "white on black": white_on_black,
    "photographed": photographed,
    "printed paper": on_printed_paper,
    "cropped photo": cropped_photo,
    "small scan": scanned_small,
}


def vary_strokes(strokes: Strokes, chance: Generator) -> Strokes:
    """Write the same figure a little differently: slant, aspect, rotation, a smooth bend, a tremor, loose strokes."""
    every = np.concatenate(strokes)
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-9)
    angle = np.deg2rad(chance.normal(0, 7))
    aspect = np.exp(chance.normal(0, 0.16))
    slant = chance.normal(0, 0.2)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    matrix = turn @ np.array(((aspect, slant), (0, 1 / aspect)))
    waves = chance.uniform(0.5, 1.6, (2, 2)) * np.pi
    phases, depth = chance.uniform(0, 2 * np.pi, (2, 2)), chance.normal(0, 0.04, (2, 2))

    def varied(points: Points) -> Points:
        unit = (points - low) / extent - 0.5
        bend = np.stack([(depth[k] * np.sin(unit * waves[k] + phases[k])).sum(axis=1) for k in (0, 1)], axis=1)
        tremor = chance.normal(0, chance.uniform(0, 0.006), unit.shape)
        return np.asarray((unit + bend + tremor + chance.normal(0, 0.02, 2)) @ matrix.T)

    return tuple(varied(points) for points in strokes)


@lru_cache(maxsize=1)
def plane() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Across and down in [-1, 1] for each pixel of the canvas."""
    y, x = np.mgrid[-1 : 1 : CANVAS_SIDE * 1j, -1 : 1 : CANVAS_SIDE * 1j].astype(np.float32)
    return x, y


def _ink_somewhere(strokes: Strokes, chance: Generator) -> Map:
    """The ink of a drawing of random pen, size and place on the canvas."""
    width = chance.uniform(*PEN_WIDTH_PX)
    side = CANVAS_SIDE
    span = max(chance.uniform(*INK_SHARE) * side - width, 1)
    left, top = chance.uniform(width / 2, side - width / 2 - span, 2)
    return draw_strokes(fit_to_box(strokes, left, top, span), (side, side), width)
