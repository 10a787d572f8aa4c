"""Digits as a person would draw them: strokes of our own making, rendered with a round pen on any paper."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw

Point = tuple[float, float]
Stroke = list[Point]
OVERSAMPLING = 3


def _arc(x: float, y: float, rx: float, ry: float, start_degrees: float, end_degrees: float) -> Stroke:
    """Points of an ellipse around (x, y), clockwise from 3 o'clock as seen on a screen."""
    steps = 24
    angles = (math.radians(start_degrees + (end_degrees - start_degrees) * i / steps) for i in range(steps + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


# Strokes in a box of width and height 1, y down.
DIGITS: dict[int, list[Stroke]] = {
    0: [_arc(0.5, 0.5, 0.34, 0.48, -90, 270)],
    1: [[(0.36, 0.2), (0.54, 0.03), (0.52, 0.5), (0.5, 0.97)]],
    2: [[*_arc(0.48, 0.28, 0.3, 0.26, -170, 30), (0.55, 0.6), (0.16, 0.95), (0.5, 0.93), (0.86, 0.95)]],
    3: [_arc(0.45, 0.27, 0.29, 0.24, -150, 90) + _arc(0.45, 0.73, 0.33, 0.24, -90, 150)],
    4: [[(0.58, 0.04), (0.36, 0.34), (0.12, 0.62), (0.5, 0.62), (0.9, 0.6)], [(0.68, 0.36), (0.66, 0.7), (0.65, 0.98)]],
    5: [
        [(0.78, 0.05), (0.3, 0.06), (0.26, 0.42), *_arc(0.46, 0.67, 0.32, 0.28, -125, 140)],
    ],
    6: [[(0.68, 0.04), (0.42, 0.22), (0.24, 0.5), (0.2, 0.72), *_arc(0.48, 0.72, 0.28, 0.25, 180, -180)]],
    7: [[(0.14, 0.07), (0.5, 0.06), (0.84, 0.05), (0.66, 0.38), (0.5, 0.68), (0.4, 0.97)]],
    8: [_arc(0.5, 0.26, 0.25, 0.23, 90, -270) + _arc(0.5, 0.73, 0.3, 0.24, -90, 270)],
    9: [[*_arc(0.46, 0.28, 0.27, 0.25, 0, -360), (0.74, 0.3), (0.72, 0.6), (0.66, 0.97)]],
}


def draw(
    strokes: list[Stroke],
    *,
    size: tuple[int, int] = (280, 280),
    box: tuple[float, float, float, float] = (80, 60, 120, 160),
    width: float = 18,
    ink: int = 0,
    paper: int = 255,
) -> Image.Image:
    """Draw strokes in grey.

    Args:
        strokes: points in [0, 1] x [0, 1], y down.
        size: width and height of the picture in px.
        box: left, top, width and height in px that the unit square is drawn to.
        width: of the pen, in px; ends and corners are round.
        ink: grey level of the pen.
        paper: grey level of the paper.
    """
    left, top, box_width, box_height = (value * OVERSAMPLING for value in box)
    canvas = Image.new("L", (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING), paper)
    pen = ImageDraw.Draw(canvas)
    radius = width * OVERSAMPLING / 2
    for stroke in strokes:
        points = [(left + x * box_width, top + y * box_height) for x, y in stroke]
        pen.line(points, fill=ink, width=round(2 * radius))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return canvas.reduce(OVERSAMPLING)


def draw_digit(digit: int, **how: object) -> Image.Image:
    """Draw a digit; keywords as for `draw`."""
    return draw(DIGITS[digit], **how)  # type: ignore[arg-type]
