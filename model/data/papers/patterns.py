"""What is printed on paper besides lines: captions, watermarks, and the fine patterns of cheques."""

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator

from model.data.papers.registry import seen, unseen
from model.data.papers.sheet import Field, Sheet, plane, ramp
from model.preprocessing.images import GreyImage, Levels, as_uint8

WORDS = (
    "Name Date Total No. Sum page of Form Address EUR CHF Qty item Signature Please write in capital letters Code A B "
    "C amount pay to the order Nr. Datum Betrag phone ZIP (cm) [%] line year"
)
CAPTION_HEIGHT_PX = 40  # that captions are typeset at
STRENGTH = (0.03, 0.3)  # share of the paper's reflectance that a pattern takes
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


@seen("patterns")
def caption(sheet: Sheet) -> None:
    """One to three printed words or lines above, below or beside the digit."""
    rng, (_, top, _, bottom) = sheet.rng, sheet.box()
    for _ in range(int(rng.integers(1, 4))):
        height = rng.uniform(0.08, 0.3) * min(sheet.size(), 0.6)
        text = _scaled(_typeset(" ".join(rng.choice(WORDS.split(), int(rng.integers(1, 5)))), rng), height * sheet.side)
        width = text.shape[1] / sheet.side
        left, y = rng.uniform(-width / 2, 1 - width / 3), rng.uniform(-0.02, 0.98)
        if _overlaps(sheet, left, y, width, height):
            y = top - height - 0.02 if rng.random() < 0.5 else bottom + 0.02
        sheet.stamp(as_uint8(text * rng.uniform(0.5, 1)), left, y)


@seen("patterns")
def watermark(sheet: Sheet) -> None:
    """One to three large pale letters behind the digit."""
    rng = sheet.rng
    layer = np.zeros((sheet.side, sheet.side), np.uint8)
    text, size = "".join(rng.choice(list("ABCDEFGHKMNPRSTUWXYZ"), int(rng.integers(1, 4)))), rng.uniform(1, 5)
    place = (round(rng.uniform(-0.1, 0.4) * sheet.side), round(rng.uniform(0.4, 1) * sheet.side))
    scale = size * sheet.side / 192
    cv2.putText(layer, text, place, int(rng.choice(_FONTS)), scale, 255, max(1, round(3 * scale)), cv2.LINE_AA)
    sheet.darken(layer.astype(np.float32) * float(rng.uniform(0.04, 0.2) / 255))


@seen("patterns")
def waves(sheet: Sheet) -> None:
    """Guilloche of bent parallel lines, one to three families of them."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    for _ in range(int(rng.integers(1, 4))):
        angle, pitch = rng.uniform(0, 2 * math.pi), rng.uniform(0.015, 0.15)
        along, across = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x
        bend = rng.uniform(0, 0.05) * np.sin(2 * math.pi * across / rng.uniform(0.05, 0.5))
        sheet.darken(_lines_of((along + bend) / pitch, rng) * rng.uniform(*STRENGTH))


@seen("patterns")
def rings(sheet: Sheet) -> None:
    """Concentric lines, round or lobed."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    across, down = x - rng.uniform(-0.1, 1.1), y - rng.uniform(-0.1, 1.1)
    lobes = rng.uniform(0, 0.5) * np.sin(np.arctan2(down, across) * int(rng.integers(1, 12)))
    sheet.darken(_lines_of(np.hypot(across, down) / rng.uniform(0.02, 0.12) + lobes, rng) * rng.uniform(*STRENGTH))


@unseen("patterns")
def rosette(sheet: Sheet) -> None:
    """A cheque's rosette: one fine line that winds around a centre."""
    rng = sheet.rng
    t = np.linspace(0, 2 * math.pi, 900)
    inner, outer = int(rng.integers(5, 14)), int(rng.integers(15, 40))
    radii = rng.uniform(0.15, 0.3) * (1 + 0.35 * np.sin(inner * t) + 0.25 * np.cos(outer * t))
    points = rng.uniform(0.2, 0.8, 2) + np.stack((radii * np.cos(3 * t), radii * np.sin(3 * t)), axis=1)
    sheet.path(points, rng.uniform(0.002, 0.005), rng.uniform(0.1, 0.4))


@unseen("patterns")
def hatching(sheet: Sheet) -> None:
    """A field filled with fine straight strokes, from one edge to a line across the picture."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    angle, pitch = rng.uniform(0, math.pi), rng.uniform(0.02, 0.06)
    lines = _lines_of((math.cos(angle) * x + math.sin(angle) * y) / pitch, rng)
    field = ramp(x - rng.uniform(-0.2, 0.6) if rng.random() < 0.5 else y - rng.uniform(-0.2, 0.6), 1 / sheet.side)
    sheet.darken(lines * field * rng.uniform(*STRENGTH))


@unseen("patterns")
def halftone(sheet: Sheet) -> None:
    """A grid of printed dots."""
    x, y = plane(sheet.side)
    rng = sheet.rng
    angle, pitch = rng.uniform(0, math.pi / 2), rng.uniform(0.025, 0.08)
    across, down = (
        (math.cos(angle) * x + math.sin(angle) * y) / pitch,
        (math.cos(angle) * y - math.sin(angle) * x) / pitch,
    )
    dots = 0.5 + 0.25 * (np.cos(2 * math.pi * across) + np.cos(2 * math.pi * down))
    sheet.darken(np.clip(3 * dots - rng.uniform(1, 2), 0, 1) * rng.uniform(*STRENGTH))


def _lines_of(phase: Field, rng: Generator) -> Levels:
    """Thin lines or soft waves at whole numbers of a phase, in [0, 1]."""
    wave = np.sin(2 * math.pi * phase)
    return np.asarray(np.clip(3 * wave - 1.5, 0, 1) if rng.random() < 0.6 else 0.5 + 0.5 * wave, np.float32)


def _overlaps(sheet: Sheet, left: float, top: float, width: float, height: float) -> bool:
    box = sheet.box()
    return left + width > box[0] and left < box[2] and top + height > box[1] and top < box[3]


def _typeset(text: str, rng: Generator) -> GreyImage:
    """A text in one of the fonts at hand, cropped, uint8 (H, W), 255 = print."""
    font, bold = int(rng.choice(_FONTS)), int(rng.integers(1, 4))
    return _drawn(text, font, bold)


@lru_cache(maxsize=512)
def _drawn(text: str, font: int, bold: int) -> GreyImage:
    scale = CAPTION_HEIGHT_PX / 30
    (width, height), base = cv2.getTextSize(text, font, scale, bold)
    canvas = np.zeros((height + base + 8, width + 8), np.uint8)
    cv2.putText(canvas, text, (4, height + 4), font, scale, 255, bold, cv2.LINE_AA)
    x, y, width, height = cv2.boundingRect(canvas)
    return canvas[y : y + height, x : x + width]


def _scaled(text: GreyImage, height_px: float) -> GreyImage:
    scale = max(height_px, 5) / text.shape[0]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return as_uint8(cv2.resize(text, None, fx=scale, fy=scale, interpolation=how))
