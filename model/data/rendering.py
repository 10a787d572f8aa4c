"""Pictures of ink as people send them: drawn on a canvas, white on black, photographed on paper, scanned small.

All random numbers come from the generator that is passed in, so the same seed draws the same pictures.
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
from model.preprocessing.images import GreyImage

CANVAS_SIDE = 280  # px; side of a drawing page's canvas, for which the pen widths below hold
PEN_WIDTH_PX = (8.0, 26.0)
INK_SHARE = (0.35, 0.85)  # the longer side of the ink, as a share of the canvas's side
SCAN_SIDE = (8, 25)  # px; longer side of a small scan, half-open
LINE_SPACING = (0.14, 0.45)  # between printed lines, as a share of the picture's side
LINE_WIDTH_PX = (1.0, 3.0)
LINE_STRENGTH = (0.05, 0.3)  # share of full ink
CROP_MARGIN = (0.03, 0.25)  # share of the ink's longer side; without a margin a straight 1 is a block
CROP_SIDE = (24, 280)  # px; longer side of a cropped photograph
MOST_STRETCH = 1.8  # largest stretch of a scan's shorter side; with more a 1 is a block

Strokes = tuple[Points, ...]
Renderer = Callable[[Strokes, Generator], Image.Image]


def on_canvas(strokes: Strokes, rng: Generator) -> Image.Image:
    """Black ink on transparent paper, RGBA, as a browser's canvas gives it."""
    rgba = np.zeros((CANVAS_SIDE, CANVAS_SIDE, 4), dtype=np.uint8)
    rgba[..., 3] = _ink_somewhere(strokes, rng)
    return Image.fromarray(rgba, "RGBA")


def white_on_black(strokes: Strokes, rng: Generator) -> Image.Image:
    """The same drawing in white on black, grey."""
    return Image.fromarray(_ink_somewhere(strokes, rng), "L")


def photographed(strokes: Strokes, rng: Generator) -> Image.Image:
    """The same drawing in dark ink on paper, photographed."""
    return photo(_ink_somewhere(strokes, rng), rng)


def on_printed_paper(strokes: Strokes, rng: Generator) -> Image.Image:
    """The same drawing on ruled or squared paper, photographed."""
    ink = _ink_somewhere(strokes, rng)
    return photo(np.maximum(ink, printed_lines(rng)), rng)


def printed_lines(rng: Generator) -> GreyImage:
    """The lines of ruled paper or, every other time, of squared paper, a little askew: uint8 (280, 280), 255 = ink."""
    x, y = plane()
    angle, spacing = rng.normal(0, 0.03), 2 * rng.uniform(*LINE_SPACING)
    width, strength = rng.uniform(*LINE_WIDTH_PX), rng.uniform(*LINE_STRENGTH)
    lines = np.zeros_like(x)
    for across in (y, x)[: int(rng.integers(1, 3))]:
        along = x + y - across
        offset = np.remainder(across * math.cos(angle) + along * math.sin(angle) + rng.uniform(0, spacing), spacing)
        distance_px = np.minimum(offset, spacing - offset) * (CANVAS_SIDE / 2)
        lines = np.maximum(lines, np.clip((width + 1) / 2 - distance_px, 0, 1))
    return np.asarray(np.rint(255 * strength * lines), dtype=np.uint8)


def cropped_photo(strokes: Strokes, rng: Generator) -> Image.Image:
    """The same drawing photographed, and cut out of the photograph with little paper around it, at any size."""
    ink = _ink_somewhere(strokes, rng)
    x, y, width, height = cv2.boundingRect(ink)
    margin = rng.uniform(*CROP_MARGIN) * max(width, height)
    corners = np.array((x - margin, y - margin, x + width + margin, y + height + margin))
    left, top, right, bottom = np.rint(np.clip(corners, 0, CANVAS_SIDE)).astype(int).tolist()
    picture = photo(ink, rng).crop((left, top, right, bottom))
    side = math.exp(rng.uniform(*np.log(CROP_SIDE)))
    picture.thumbnail((side, side))
    return picture


def photo(ink: GreyImage, rng: Generator) -> Image.Image:
    """Ink, uint8 (280, 280), on unevenly lit, tinted, grainy paper, a little out of focus, decoded from JPEG."""
    x, y = plane()
    angle = rng.uniform(0, 2 * np.pi)
    slope = rng.uniform(0, 0.35) * (x * np.cos(angle) + y * np.sin(angle))
    vignette = rng.uniform(0, 0.2) * (x * x + y * y)
    light = np.clip(1 + slope - vignette, 0.2, None).astype(np.float32)
    if rng.random() < 0.3:  # a hand's shadow: a soft edge across the paper
        angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
        edge = x * np.cos(angle) + y * np.sin(angle) - place
        light *= (1 - rng.uniform(0.1, 0.4) / (1 + np.exp(-edge * rng.uniform(4, 20)))).astype(np.float32)
    paper = rng.uniform(140, 245) * rng.uniform(0.85, 1.0, 3).astype(np.float32)
    pen = rng.uniform(0.0, 0.45) * rng.uniform(0.3, 1.0, 3).astype(np.float32)
    coverage = (ink * np.float32(rng.uniform(0.8, 1.0) / 255))[..., np.newaxis]
    colour = light[..., np.newaxis] * (paper - coverage * (paper * (1 - pen)))
    colour = cv2.GaussianBlur(colour, (0, 0), rng.uniform(0.3, 1.5))
    colour += rng.standard_normal(colour.shape, dtype=np.float32) * np.float32(rng.uniform(0.5, 7))
    picture = Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8), "RGB")
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=int(rng.integers(35, 95)))
    return Image.open(buffer)


def as_picture(ink: GreyImage, rng: Generator) -> Image.Image:
    """Ink, uint8 (280, 280), mostly as it is, light on dark; now and then photographed or scanned small."""
    kind = rng.random()
    if kind < 0.2:
        return photo(ink, rng)
    return shrunk_scan(ink, rng) if kind < 0.35 else Image.fromarray(ink, "L")


def scanned_small(strokes: Strokes, rng: Generator) -> Image.Image:
    """A tight little scan, 8 to 24 px, grey or bilevel, sometimes stretched towards a square."""
    side = 4 * CANVAS_SIDE // 5
    fitted = fit_to_box(strokes, 0.12 * side, 0.12 * side, 0.76 * side)
    drawn = draw_strokes(fitted, (side, side), rng.uniform(10, 34))
    return shrunk_scan(drawn, rng)


def shrunk_scan(ink: GreyImage, rng: Generator) -> Image.Image:
    """Ink of any size, uint8 (H, W), as such a little scan."""
    x, y, width, height = cv2.boundingRect(ink)
    tight = ink[y : y + height, x : x + width]
    small_side = int(rng.integers(*SCAN_SIDE))
    stretch = rng.uniform(1, MOST_STRETCH) if rng.random() < 0.4 else 1.0
    scale = small_side / max(width, height)
    size = [min(small_side, max(2, round(length * scale * stretch))) for length in (width, height)]
    small = np.asarray(cv2.resize(tight, (size[0], size[1]), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if rng.random() < 0.5:
        small = np.asarray((small > rng.uniform(80, 160)) * 255, dtype=np.uint8)
    margin = int(rng.integers(0, 4))
    small = np.pad(small, margin)
    return Image.fromarray(small if rng.random() < 0.5 else 255 - small, "L")


RENDERERS: dict[str, Renderer] = {
    "canvas": on_canvas,
    "white on black": white_on_black,
    "photographed": photographed,
    "printed paper": on_printed_paper,
    "cropped photo": cropped_photo,
    "small scan": scanned_small,
}


def vary_strokes(strokes: Strokes, rng: Generator) -> Strokes:
    """Write the same figure a little differently: slant, aspect, rotation, a smooth bend, a tremor, loose strokes."""
    every = np.concatenate(strokes)
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-9)
    angle = np.deg2rad(rng.normal(0, 7))
    aspect = np.exp(rng.normal(0, 0.16))
    slant = rng.normal(0, 0.2)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    matrix = turn @ np.array(((aspect, slant), (0, 1 / aspect)))
    waves = rng.uniform(0.5, 1.6, (2, 2)) * np.pi
    phases, depth = rng.uniform(0, 2 * np.pi, (2, 2)), rng.normal(0, 0.04, (2, 2))

    def varied(points: Points) -> Points:
        unit = (points - low) / extent - 0.5
        bend = np.stack([(depth[k] * np.sin(unit * waves[k] + phases[k])).sum(axis=1) for k in (0, 1)], axis=1)
        tremor = rng.normal(0, rng.uniform(0, 0.006), unit.shape)
        return np.asarray((unit + bend + tremor + rng.normal(0, 0.02, 2)) @ matrix.T)

    return tuple(varied(points) for points in strokes)


@lru_cache(maxsize=1)
def plane() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Across and down in [-1, 1] for each pixel of the canvas."""
    y, x = np.mgrid[-1 : 1 : CANVAS_SIDE * 1j, -1 : 1 : CANVAS_SIDE * 1j].astype(np.float32)
    return x, y


def _ink_somewhere(strokes: Strokes, rng: Generator) -> GreyImage:
    """The ink of a drawing of random pen, size and place on the canvas."""
    width = rng.uniform(*PEN_WIDTH_PX)
    side = CANVAS_SIDE
    span = max(rng.uniform(*INK_SHARE) * side - width, 1)
    left, top = rng.uniform(width / 2, side - width / 2 - span, 2)
    return draw_strokes(fit_to_box(strokes, left, top, span), (side, side), width)
