"""Pictures that show no digit, which the network learns to refuse: letters, scribbles, shapes, grids, noise, paper."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from model.data.letters import draw_letter
from model.data.rendering import CANVAS_SIDE, Strokes, on_canvas, photo, photographed, plane, shrunk_scan, vary_strokes
from model.data.shapes import grid, polar, scribble, shape

OTHER_SHARES = (0.35, 0.32, 0.08, 0.07, 0.1, 0.08)  # in the order of `draw_other`; the first two look most like digits
LEAST_ASPECT = 0.65  # lowest width to height of a blot; a narrower one is a thick 1
FARTHEST_EDGE = 0.4  # share of half a picture, from its middle; nearer to the border an edge leaves a strip like a 1


def draw_nondigit(rng: Generator) -> Image.Image:
    """A picture of no digit; half of them are letters."""
    return draw_letter(rng) if rng.random() < 0.5 else draw_other(rng)


def draw_other(rng: Generator) -> Image.Image:
    """A scribble, a drawn shape, a filled one, a grid, noise or bare paper."""
    kinds: tuple[Callable[[Generator], Image.Image], ...] = (_scribbled, _shaped, blot, _gridded, noise, bare_paper)
    return kinds[int(rng.choice(len(kinds), p=OTHER_SHARES))](rng)


def noise(rng: Generator) -> Image.Image:
    """Random pixels: fine or coarse, grey or bilevel, sparse or dense, on a square of any size."""
    side = int(rng.integers(20, 200))
    cells = int(rng.integers(4, side + 1))
    values = rng.random((cells, cells)) ** rng.uniform(0.3, 6)
    if rng.random() < 0.5:
        values = (values > rng.uniform(0.3, 0.95)).astype(float)
    coarse = (values * 255).astype(np.uint8)
    how = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_NEAREST
    return Image.fromarray(np.asarray(cv2.resize(coarse, (side, side), interpolation=how), dtype=np.uint8), "L")


def blot(rng: Generator) -> Image.Image:
    """A filled disc, blob or polygon, drawn or scanned: a photograph's light would hollow it out to a 0."""
    if rng.random() < 0.5:
        angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
        radii = np.ones(angles.size) + sum(
            rng.normal(0, 0.1) * np.cos(k * angles + rng.uniform(0, 2 * np.pi)) for k in range(2, 6)
        )
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 8))))
        radii = np.ones(angles.size)
    outline = polar(radii, angles)
    outline = (outline - outline.min(axis=0)) / np.ptp(outline, axis=0)  # as wide as high
    height = rng.uniform(0.3, 0.85) * CANVAS_SIDE
    size = np.array((min(height * rng.uniform(LEAST_ASPECT, 1.5), 0.9 * CANVAS_SIDE), height))
    corners = outline * size + rng.uniform(0, 1, 2) * (CANVAS_SIDE - size)
    ink = np.zeros((CANVAS_SIDE, CANVAS_SIDE), dtype=np.uint8)
    cv2.fillPoly(ink, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    return Image.fromarray(ink, "L") if rng.random() < 0.8 else shrunk_scan(ink, rng)


def bare_paper(rng: Generator) -> Image.Image:
    """Nothing drawn: paper in uneven light, or an edge across the picture, sharp or soft, that must not become a 1."""
    x, y = plane()
    angle, place = rng.uniform(0, 2 * np.pi), rng.uniform(-FARTHEST_EDGE, FARTHEST_EDGE)
    steepness, darkness = math.exp(rng.uniform(-1, 3.5)), rng.uniform(0, 1)
    edge = 0.5 + 0.5 * np.tanh(steepness * (x * math.cos(angle) + y * math.sin(angle) - place))
    return photo((255 * darkness * edge).astype(np.uint8), rng)


def _scribbled(rng: Generator) -> Image.Image:
    return drawing(scribble(rng), rng)


def _shaped(rng: Generator) -> Image.Image:
    return drawing(vary_strokes(shape(rng), rng), rng)


def _gridded(rng: Generator) -> Image.Image:
    return drawing(vary_strokes(grid(rng), rng), rng)


def drawing(strokes: Strokes, rng: Generator) -> Image.Image:
    """A drawing on a canvas or, now and then, photographed."""
    return on_canvas(strokes, rng) if rng.random() < 0.8 else photographed(strokes, rng)
