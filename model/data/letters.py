"""Printed letters, symbols and numbers of two digits, bent as a hand would write them.

Letters that a hand writes like a digit (O, l, S, Z, B, g, q) are left out: a network may call them digits.
"""

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from model.data.rendering import CANVAS_SIDE, as_picture, plane
from model.preprocessing.images import GreyImage

LETTERS = "ACEFHKLMNPRTUVWX" + "adefhkmnprtuvwx"
SYMBOLS = "?&@#%*+=<>$"
NUMBERS = [str(number) for number in range(10, 100)]
TEXTS = {"letter": list(LETTERS), "symbol": list(SYMBOLS), "number": NUMBERS}
TEXT_SHARES = (0.8, 0.1, 0.1)  # in the order of `TEXTS`
_HERSHEY_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


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
