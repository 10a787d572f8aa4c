"""Pictures that any version must read, and some that none may; drawn by code, for machines without data."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from model.data.drawn_digits import DIGITS, Stroke, draw

WAYS = (
    {"size": (280, 280), "box": (80, 60, 120, 160), "width": 18},
    {"size": (320, 240), "box": (30, 130, 60, 80), "width": 7, "ink": 60, "paper": 230},
    {"size": (200, 200), "box": (40, 20, 110, 150), "width": 12, "ink": 255, "paper": 0},
    {"size": (28, 28), "box": (9, 5, 11, 18), "width": 2.4, "ink": 255, "paper": 0},
)
"""How each digit is drawn: a canvas, small in a grey photograph, white on black, and as MNIST has it."""

SCRIBBLE: Stroke = [
    (0.1, 0.5),
    (0.9, 0.1),
    (0.15, 0.3),
    (0.85, 0.9),
    (0.05, 0.8),
    (0.95, 0.4),
    (0.2, 0.05),
    (0.6, 0.95),
]


@dataclass(frozen=True)
class SmokePicture:
    """A picture and what is to be read in it: a digit's label, or None where it is not to be recognised."""

    png: bytes
    label: str | None


def smoke_pictures() -> list[SmokePicture]:
    """The ten digits in each of the ways, empty paper, and a scribble."""
    digits = [
        SmokePicture(_png(draw(strokes, **way)), str(digit))  # type: ignore[arg-type]
        for digit, strokes in DIGITS.items()
        for way in WAYS
    ]
    blank = Image.new("L", (100, 100), 255)
    return [*digits, SmokePicture(_png(blank), None), SmokePicture(_png(draw([SCRIBBLE])), None)]


def _png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
