"""Puts ink on a sheet, disturbs it, takes its picture: what the ink network learns from.

All random numbers come from the generator that is passed in, so the same seed draws the same scenes.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from model.data.papers.camera import take_picture
from model.data.papers.kinds import Kind, seen_kinds
from model.data.papers.sheet import Sheet, direction, plane
from model.data.papers.subjects import Handwriting
from model.preprocessing.images import GreyImage

SIDE = 192  # px of a training scene
EMPTY_SHARE = 0.1  # of papers without ink
COUNTS = (0.2, 0.36, 0.26, 0.13, 0.05)  # shares of scenes with 0, 1, 2, ... kinds of disturbance
FAMILY_SHARES = {
    "frames": 0.18, "lines": 0.24, "shadows": 0.17, "patterns": 0.17, "surfaces": 0.05, "things": 0.1, "writing": 0.09
}  # fmt: skip
HARD = {"caption": 3.0, "touching line": 2.0, "table": 1.5, "band shadow": 2.0, "corner marks": 1.5, "cell": 1.5}
"""How much oftener kinds are drawn than others of their family: those that an earlier network read worst."""
DRAWN_SHARE = 0.35  # of scenes that are drawn on a screen, not photographed
TIGHT_SHARE, SMALL_SHARE = 0.1, 0.28  # of digits that fill the picture, of digits below a quarter of it
TIGHT, USUAL, SMALL = (0.96, 1.12), (0.25, 0.93), (0.04, 0.25)  # longer side of the ink, as a share of the picture's
AS_INK_SHARE = 0.3  # of papers whose print is as dark as the digit
OBLONG_SHARE = 0.25  # of pictures that are not square
WITH_TIGHT = ("shadows", "surfaces", "patterns", "writing")  # families with room around ink that fills the picture


def training_scene(hand: Handwriting, rng: Generator) -> tuple[GreyImage, GreyImage]:
    """One picture to learn from and its exact ink, uint8 (H, W) both, 0 = none and 255 = full ink."""
    size, is_tight = _size(rng), False
    if rng.random() < TIGHT_SHARE:
        size, is_tight = float(rng.uniform(*TIGHT)), True
    sheet = blank_sheet(hand, rng, SIDE)
    if rng.random() >= EMPTY_SHARE:
        place_ink(sheet, hand.draw(rng, round(size * SIDE)), at_middle=is_tight or rng.random() < 0.4)
    for kind in _chosen(rng, WITH_TIGHT if is_tight else tuple(FAMILY_SHARES)):
        kind.add(sheet)
    _photograph(sheet)
    picture, ink = take_picture(sheet, rng)
    return _cut(picture, ink, rng, is_tight)


def blank_sheet(hand: Handwriting, rng: Generator, side: int) -> Sheet:
    """A clean sheet: paper and pen of any contrast."""
    is_white = rng.random() < 0.4
    level = 1.0 if is_white else rng.uniform(0.45, 1)
    pen = level * (rng.uniform(0, 0.5) if rng.random() < 0.8 else rng.uniform(0.5, 0.8))
    return Sheet(
        rng,
        ink=np.zeros((side, side), np.uint8),
        paper=np.full((side, side), level, np.float32),
        light=np.ones((side, side), np.float32),
        another=lambda longer_px: hand.another(rng, longer_px),
        pen=float(pen),
        print_share=float(pen / level) if rng.random() < AS_INK_SHARE else float(rng.uniform(0, 0.85)),
    )


def place_ink(sheet: Sheet, ink: GreyImage, *, at_middle: bool) -> None:
    """Put cropped ink on a sheet, near the middle or anywhere; what is larger than the sheet is cut off."""
    rng, side = sheet.rng, sheet.side
    height, width = ink.shape
    free = np.array((side - width, side - height))
    if at_middle:
        left, top = (free / 2 + rng.normal(0, 0.08, 2) * np.maximum(free, 0)).round().astype(int).tolist()
    else:
        left, top = (min(0, int(room)) if room <= 0 else int(rng.integers(0, int(room) + 1)) for room in free)
    x, y = max(left, 0), max(top, 0)
    part = ink[y - top : y - top + side - y, x - left : x - left + side - x]
    sheet.ink[y : y + part.shape[0], x : x + part.shape[1]] = part


def _size(rng: Generator) -> float:
    if rng.random() < SMALL_SHARE:
        return math.exp(rng.uniform(math.log(SMALL[0]), math.log(SMALL[1])))
    return float(rng.uniform(*USUAL))


def _chosen(rng: Generator, families: Sequence[str]) -> list[Kind]:
    """Seen kinds of these families, none twice, and at most one of writing."""
    shares = np.array([FAMILY_SHARES[family] for family in families])
    names = rng.choice(families, int(rng.choice(len(COUNTS), p=COUNTS)), p=shares / shares.sum())
    chosen: dict[str, Kind] = {}
    for name in names:
        kinds = [kind for kind in seen_kinds() if kind.family == name]
        weights = np.array([HARD.get(kind.name, 1.0) for kind in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        chosen["writing" if name == "writing" else kind.name] = kind
    return list(chosen.values())


def _photograph(sheet: Sheet) -> None:
    """Light and camera: none for a drawing, and all that phones do for a photograph."""
    rng, camera = sheet.rng, sheet.camera
    camera.is_negative = camera.is_negative or bool(rng.random() < 0.33)
    if rng.random() < 0.2:
        camera.small_side = int(rng.integers(24, 96)) if sheet.size() > 0.3 else 0
    if rng.random() < DRAWN_SHARE:
        return
    uneven_light(sheet)
    camera.noise = float(rng.uniform(0.3, 7)) if rng.random() < 0.8 else 0.0
    if rng.random() < 0.5:
        camera.blur = float(rng.uniform(0.002, 0.008)) * min(1.0, 2 * sheet.size())
    kinds = [kind for kind in seen_kinds() if kind.family == "camera"]
    if rng.random() < 0.35:
        kinds[int(rng.integers(len(kinds)))].add(sheet)
    elif rng.random() < 0.3:
        camera.jpeg_quality = int(rng.integers(35, 95))


def uneven_light(sheet: Sheet) -> None:
    """Light that falls off to one side and to the corners."""
    x, y = plane(sheet.side)
    across, down = direction(sheet.rng.uniform(0, 2 * math.pi))
    slope = sheet.rng.uniform(0, 0.5) * ((x - 0.5) * across + (y - 0.5) * down)
    vignette = sheet.rng.uniform(0, 0.5) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    sheet.light *= np.clip(1 + slope - vignette, 0.2, None)


def _cut(picture: GreyImage, ink: GreyImage, rng: Generator, is_tight: bool) -> tuple[GreyImage, GreyImage]:
    """Cut the picture oblong now and then, and close around ink that fills it; ink may be cut by a few per cent."""
    rows, columns = np.nonzero(ink.max(axis=1))[0], np.nonzero(ink.max(axis=0))[0]
    if len(rows) == 0 or not (is_tight or rng.random() < OBLONG_SHARE):
        return picture, ink
    height, width = ink.shape
    box = np.array((rows[0], columns[0], rows[-1] + 1, columns[-1] + 1), float)
    if is_tight:
        margin = rng.uniform(-0.03, 0.06, 4) * max(box[2] - box[0], box[3] - box[1])
        top, left, bottom, right = box + margin * (-1, -1, 1, 1)
    else:
        share = rng.uniform(0, 0.9, 2)
        top, bottom = box[0] * share[0], height - (height - box[2]) * share[0]
        left, right = box[1] * share[1], width - (width - box[3]) * share[1]
    window = slice(max(0, round(top)), max(2, round(bottom))), slice(max(0, round(left)), max(2, round(right)))
    return picture[window], ink[window]
