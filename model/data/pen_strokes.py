"""Digits as pen strokes: read from UNIPEN text, drawn as a browser's canvas would draw them.

Leaves where the file comes from to `model.data.digits`, and what the network sees to `model.preprocessing.digit`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.errors import DataError
from model.preprocessing.images import GreyImage

Points = NDArray[np.float64]
OVERSAMPLING = 3  # pixels drawn per pixel of the picture, along each side
_SUBPIXEL_BITS = 4  # fraction bits of OpenCV's fixed-point coordinates

_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\s+\S+\s+\S+\s+"(\d)"$')
_COMMENT = re.compile(r"\.COMMENT\s+\d\s+(\d+)\s+\d+$")


@dataclass(frozen=True)
class PenDigit:
    """A digit as it was written.

    Attributes:
        label: index of the class, a digit's own value.
        writer: number of the person who wrote it.
        strokes: float64 (N, 2) each, points x to the right and y down, in the tablet's units.
    """

    label: int
    writer: int
    strokes: tuple[Points, ...]


def read_unipen(path: Path) -> list[PenDigit]:
    """Read the digits of a UNIPEN file of `.SEGMENT`, `.COMMENT`, `.PEN_DOWN` and `.PEN_UP` records.

    Raises:
        DataError: names the line that is not of this form.
        OSError: the file cannot be read.
    """
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(".SEGMENT")]
    if not starts:
        raise DataError(f"{path} holds no UNIPEN digits: no line starts with .SEGMENT")
    bounds = zip(starts, [*starts[1:], len(lines)], strict=True)
    return [_read_segment(path, lines, start, end) for start, end in bounds]


def _read_segment(path: Path, lines: list[str], start: int, end: int) -> PenDigit:
    label = _matched(_SEGMENT, path, lines, start, '.SEGMENT DIGIT <number> ? "<digit>"')
    writer = _matched(_COMMENT, path, lines, start + 1, ".COMMENT <digit> <writer> <number>")
    strokes: list[Points] = []
    points: list[tuple[float, float]] | None = None
    for number in range(start + 2, end):
        line = lines[number].strip()
        if line.startswith(".PEN_DOWN"):
            points = []
        elif line.startswith(".PEN_UP") and points:
            strokes.append(np.array(points) * (1, -1))  # the tablet's y points up
            points = None
        elif line and not line.startswith("."):
            if points is None:
                raise _malformed(path, number, line, "coordinates only between .PEN_DOWN and .PEN_UP")
            points.append(_coordinates(path, number, line))
    if points is not None or not strokes:
        raise _malformed(path, end - 1, lines[end - 1], "a digit of at least one stroke that ends in .PEN_UP")
    return PenDigit(label, writer, tuple(strokes))


def _matched(pattern: re.Pattern[str], path: Path, lines: list[str], number: int, expected: str) -> int:
    line = lines[number].strip() if number < len(lines) else ""
    match = pattern.match(line)
    if match is None:
        raise _malformed(path, number, line, expected)
    return int(match[1])


def _coordinates(path: Path, number: int, line: str) -> tuple[float, float]:
    try:
        x, y = map(float, line.split())
    except ValueError:
        raise _malformed(path, number, line, "two coordinates") from None
    return x, y


def _malformed(path: Path, number: int, line: str, expected: str) -> DataError:
    return DataError(f"{path}, line {number + 1}: {line[:40]!r}; expected {expected}")


def smooth(points: Points, rounds: int = 2) -> Points:
    """Round off corners by cutting them (Chaikin, 1974), as drawing pages do; ends stay where they are."""
    for _ in range(rounds):
        if len(points) < 3:
            break
        before, after = points[:-1], points[1:]
        cut = np.stack((0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after), axis=1).reshape(-1, 2)
        points = np.concatenate((points[:1], cut[1:-1], points[-1:]))
    return points


def fit_to_box(strokes: tuple[Points, ...], left: float, top: float, side: float) -> tuple[Points, ...]:
    """Scale and move strokes, keeping their aspect, so that their longer side spans `side` px from (left, top)."""
    every = np.concatenate(strokes)
    low, extent = every.min(axis=0), np.ptp(every, axis=0)
    scale = side / max(float(extent.max()), 1e-9)
    margin = (side - extent * scale) / 2
    return tuple((stroke - low) * scale + margin + (left, top) for stroke in strokes)


def draw_strokes(strokes: tuple[Points, ...], size: tuple[int, int], width: float) -> GreyImage:
    """Draw strokes with a round, antialiased pen.

    Args:
        strokes: float64 (N, 2) each, in px of the picture, x to the right and y down.
        size: width and height of the picture in px.
        width: of the pen, in px.

    Returns:
        uint8 (height, width), 0 = paper, 255 = ink.
    """
    canvas = np.zeros((size[1] * OVERSAMPLING, size[0] * OVERSAMPLING), dtype=np.uint8)
    # Measured: OpenCV draws antialiased lines 1.4 px too wide for even widths, 2.4 px for odd ones.
    thickness = max(1, 2 * round((width * OVERSAMPLING - 1.4) / 2))
    for points in strokes:
        # Pixel i covers [i, i + 1] in the picture and is drawn around i by OpenCV.
        fixed = np.rint((points * OVERSAMPLING - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.polylines(canvas, [fixed], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
