"""Draws digits as a person would, and encodes pictures."""

from io import BytesIO

import numpy as np
from PIL import Image

from model.data.drawn_digits import DIGITS, draw, draw_digit
from model.data.rendering import Strokes

__all__ = ["DIGITS", "STROKES", "draw", "draw_digit", "encoded"]

STROKES: dict[int, Strokes] = {
    digit: tuple(np.array(stroke) for stroke in strokes) for digit, strokes in DIGITS.items()
}
"""The same as a tablet's points."""


def encoded(picture: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    """A picture as a file of the given format."""
    buffer = BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()
