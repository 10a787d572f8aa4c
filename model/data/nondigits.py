"""Pictures that show no digit, which the network learns to refuse: letters, scribbles, shapes, grids, noise, paper.

Letters and shapes that a hand writes like a digit (O, l, S, Z, B, g, q, a circle, a single line) are left out: a
network may call them digits.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from model.data.pen_strokes import Points, smooth
from model.data.rendering import (
    CANVAS_SIDE,
    Strokes,
    as_picture,
    on_canvas,
    photo,
    photographed,
    plane,
    shrunk_scan,
    vary_strokes,
)
from model.preprocessing.images import GreyImage

LETTERS = "ACEFHKLMNPRTUVWX" + "adefhkmnprtuvwx"
SYMBOLS = "?&@#%*+=<>$"
NUMBERS = [str(number) for number in range(10, 100)]
TEXTS = {"letter": list(LETTERS), "symbol": list(SYMBOLS), "number": NUMBERS}
TEXT_SHARES = (0.8, 0.1, 0.1)  # in the order of `TEXTS`
OTHER_SHARES = (0.35, 0.32, 0.08, 0.07, 0.1, 0.08)  # in the order of `draw_other`; the first two look most like digits
LEAST_ASPECT = 0.65  # lowest width to height of a blot; a narrower one is a thick 1
FARTHEST_EDGE = 0.4  # share of half a picture, from its middle; nearer to the border an edge leaves a strip like a 1
_HERSHEY_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


def draw_nondigit(rng: Generator) -> Image.Image:
    """A picture of no digit; half of them are letters."""
    return draw_letter(rng) if rng.random() < 0.5 else draw_other(rng)


def draw_other(rng: Generator) -> Image.Image:
    """A scribble, a drawn shape, a filled one, a grid, noise or bare paper."""
    kinds: tuple[Callable[[Generator], Image.Image], ...] = (_scribbled, _shaped, blot, _gridded, noise, bare_paper)
    return kinds[int(rng.choice(len(kinds), p=OTHER_SHARES))](rng)


def draw_letter(rng: Generator) -> Image.Image:
    """A letter or, now and then, a symbol or number, of a random font, bent by hand, on a picture of any kind."""
    kind = rng.choice(list(TEXTS), p=TEXT_SHARES)
    text = rng.choice(TEXTS[kind])
    fonts = _fonts()
    if fonts and rng.random() < 0.5:
        drawn = typeset(str(text), fonts[int(rng.integers(len(fonts)))])
    else:
        drawn = _engraved(str(text), rng)
    return as_picture(bent(drawn, rng), rng)


def typeset(text: str, font: ImageFont.FreeTypeFont) -> GreyImage:
    """A text in the middle of a canvas: uint8 (280, 280), 255 = ink."""
    canvas = Image.new("L", (CANVAS_SIDE, CANVAS_SIDE), 0)
    ImageDraw.Draw(canvas).text((CANVAS_SIDE / 2, CANVAS_SIDE / 2), text, fill=255, font=font, anchor="mm")
    return np.asarray(canvas)


def bent(ink: GreyImage, rng: Generator) -> GreyImage:
    """Slanted, turned, stretched and smoothly distorted."""
    x, y = plane()
    angle, slant, aspect = rng.normal(0, 0.15), rng.normal(0, 0.2), float(np.exp(rng.normal(0, 0.2)))
    waves, phases = rng.uniform(1, 3, 4).tolist(), rng.uniform(0, 2 * np.pi, 4).tolist()
    depth = rng.normal(0, 0.05, 4).tolist()
    bend_x = depth[0] * np.sin(waves[0] * y + phases[0]) + depth[1] * np.sin(waves[1] * x + phases[1])
    bend_y = depth[2] * np.sin(waves[2] * x + phases[2]) + depth[3] * np.sin(waves[3] * y + phases[3])
    cos, sin = math.cos(angle), math.sin(angle)
    source_x = (cos * x + (slant - sin) * y) * aspect + bend_x
    source_y = (sin * x + cos * y) / aspect + bend_y
    map_x, map_y = ((source + 1) * ((CANVAS_SIDE - 1) / 2) for source in (source_x, source_y))
    return np.asarray(cv2.remap(ink, map_x, map_y, cv2.INTER_LINEAR), dtype=np.uint8)


def scribble(rng: Generator) -> Strokes:
    """One to four strokes that jump or wander about."""
    kind = _jumps if rng.random() < 0.5 else _wanders
    return tuple(kind(rng) for _ in range(int(rng.integers(1, 5))))


def _jumps(rng: Generator) -> Points:
    """From one random place to the next, with sharp corners or round ones."""
    return smooth(rng.uniform(0, 1, (int(rng.integers(6, 16)), 2)), int(rng.integers(0, 4)))


def _wanders(rng: Generator) -> Points:
    """A long line whose heading drifts: curls and loops."""
    steps = int(rng.integers(200, 450))
    turning = np.cumsum(rng.normal(0, rng.uniform(0.02, 0.12), steps)) + rng.normal(0, 0.05)
    heading = np.cumsum(turning * rng.uniform(0.5, 2)) + rng.uniform(0, 2 * np.pi)
    return np.cumsum(np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0) / rng.uniform(40, 80)


def shape(rng: Generator) -> Strokes:
    """A drawn figure: polygon, star, cross, arrow, tick, heart, house, spiral, zigzag, face or bundle of lines."""
    kinds = (_polygon, _star, _cross, _arrow, _heart, _house, _spiral, _zigzag, _face, _lines)
    return kinds[int(rng.integers(len(kinds)))](rng)


def grid(rng: Generator) -> Strokes:
    """Lines across and down, evenly spaced, as on squared paper."""
    count = rng.integers(2, 7, 2)
    across = [np.array(((0.0, y), (1.0, y))) for y in np.linspace(0, 1, int(count[0]))]
    down = [np.array(((x, 0.0), (x, 1.0))) for x in np.linspace(0, 1, int(count[1]))]
    return tuple(across + down)


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


def polar(radii: Points, angles: Points) -> Points:
    """Points (N, 2) at these distances from the middle (N,), in these directions (N,)."""
    return np.stack((radii * np.cos(angles), radii * np.sin(angles)), axis=1)


def _polygon(rng: Generator) -> Strokes:
    corners = int(rng.integers(3, 6))
    angles = np.linspace(0, 2 * np.pi, corners + 1) + rng.uniform(0, 2 * np.pi)
    return (np.stack((np.cos(angles), np.sin(angles)), axis=1),)


def _star(rng: Generator) -> Strokes:
    points = int(rng.integers(4, 8))
    angles = np.linspace(0, 2 * np.pi, 2 * points + 1)
    radii = np.where(np.arange(2 * points + 1) % 2, rng.uniform(0.3, 0.6), 1.0)
    return (polar(radii, angles),)


def _cross(rng: Generator) -> Strokes:
    angle, between = rng.uniform(0, np.pi), rng.uniform(0.35, 0.65) * np.pi
    ends = [np.array((np.cos(a), np.sin(a))) for a in (angle, angle + between)]
    return tuple(np.stack((-end, end)) for end in ends)


def _arrow(rng: Generator) -> Strokes:
    angle, head = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 0.9)  # a narrower one is a 1
    tip = np.array((np.cos(angle), np.sin(angle)))
    barbs = [tip - head * np.array((np.cos(angle + side), np.sin(angle + side))) for side in (-0.6, 0.6)]
    return np.stack((-tip, tip)), np.stack((barbs[0], tip, barbs[1]))


def _heart(rng: Generator) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 40)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return (np.stack((16 * np.sin(t) ** 3, -y), axis=1),)


def _house(rng: Generator) -> Strokes:
    roof = rng.uniform(0.2, 0.7)
    walls = np.array(((0, 0), (0, 1), (1, 1), (1, 0), (0, 0)), dtype=float)
    return walls, np.array(((0, 0), (0.5, -roof), (1, 0)), dtype=float)


def _spiral(rng: Generator) -> Strokes:
    t = np.linspace(0, rng.uniform(2.5, 5) * 2 * np.pi, 120)
    t = t if rng.random() < 0.5 else -t
    return (np.stack((t * np.cos(t), t * np.sin(t)), axis=1),)


def _zigzag(rng: Generator) -> Strokes:
    corners = int(rng.integers(6, 14))  # with five it is an angular 3
    line = np.stack((np.linspace(0, 1, corners), (np.arange(corners) % 2) * rng.uniform(0.3, 1.0)), axis=1)
    return (line if rng.random() < 0.5 else line[:, ::-1],)


def _face(rng: Generator) -> Strokes:
    t = np.linspace(0, 2 * np.pi, 40)
    eyes = [np.array(((x, -0.35), (x, -0.25))) for x in (-0.35, 0.35)]
    smile = np.linspace(0.2, np.pi - 0.2, 12)
    mouth = np.stack((0.5 * np.cos(smile), 0.5 * np.sin(smile) * rng.choice((-1, 1)) + 0.1), axis=1)
    return np.stack((np.cos(t), np.sin(t)), axis=1), *eyes, mouth


def _lines(rng: Generator) -> Strokes:
    """Two to six lines side by side: one alone would be a 1."""
    places = np.linspace(0, rng.uniform(0.5, 1.5), int(rng.integers(2, 7)))
    lines: list[Points] = [np.array(((x, 0.0), (x, 1.0))) for x in places]
    return tuple(lines) if rng.random() < 0.5 else tuple(line[:, ::-1] for line in lines)


@lru_cache(maxsize=1)
def _fonts() -> tuple[ImageFont.FreeTypeFont, ...]:
    """Fonts that matplotlib brings along; none where it is not installed."""
    try:
        from matplotlib import get_data_path
    except ImportError:
        return ()
    names = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "STIXGeneralItalic")
    paths = [Path(get_data_path()) / "fonts" / "ttf" / f"{name}.ttf" for name in names]
    return tuple(ImageFont.truetype(str(path), 150) for path in paths if path.exists())


def _engraved(text: str, rng: Generator) -> GreyImage:
    """Drawn as a pen of random width follows the strokes of a Hershey font."""
    font, thickness = int(rng.choice(_HERSHEY_FONTS)), int(rng.integers(4, 24))
    (width, height), _ = cv2.getTextSize(text, font, 5, thickness)
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), dtype=np.uint8)
    origin = ((CANVAS_SIDE - width) // 2, (CANVAS_SIDE + height) // 2)
    cv2.putText(canvas, text, origin, font, 5, 255, thickness, cv2.LINE_AA)
    return canvas
