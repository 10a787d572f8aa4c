"""A sheet of paper with a digit on it, while it is being made: ink, paper, print and light, kept apart until the end.

Kinds of disturbance (`model.data.papers.kinds`) change a sheet; `model.data.papers.camera` takes its picture. Places
and lengths are shares of the side, y down, so the same kinds serve small training pictures and large photographs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.preprocessing.images import GreyImage, Levels

NOISE_SIDE = 256  # px of the noise that textures are cut from
_SUBPIXEL_BITS = 4  # fraction bits of OpenCV's fixed-point coordinates
Place = tuple[float, float]
Field = NDArray[np.floating[Any]]
"""A number for each pixel, (S, S)."""


@dataclass
class Camera:
    """What happens between the sheet and the picture; everything is off at first.

    Attributes:
        blur: standard deviation in shares of the side.
        motion: length in shares of the side, and direction in radians.
        corners: where the sheet's corners lie in the picture, (4, 2), clockwise from the top left; None leaves them.
        noise: standard deviation in grey levels.
        small_side: px that the picture is scaled down to; 0 leaves it.
        jpeg_quality: 0 leaves the picture uncompressed.
        is_negative: light ink on dark.
    """

    blur: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    corners: NDArray[np.float32] | None = None
    noise: float = 0.0
    small_side: int = 0
    jpeg_quality: int = 0
    is_negative: bool = False


@dataclass
class Sheet:
    """What a sheet is made of.

    Attributes:
        rng: of everything random on it.
        ink: coverage by the digit's exact ink, uint8 (S, S), 0 = none, 255 = full.
        paper: reflectance in [0, 1], float32 (S, S).
        light: illumination, 1 = full, float32 (S, S).
        pen: reflectance of the digit's ink.
        stroke_texture: how much of the ink the paper took, in [0, 1], float32 (S, S).
        another: the ink of another mark by hand, uint8 (H, W), its longer side so many px.
        printed: coverage by all else that is drawn or printed, uint8 (S, S).
        print_share: reflectance of that print as a share of the paper's.
    """

    rng: Generator
    ink: GreyImage
    paper: Levels
    light: Levels
    another: Callable[[int], GreyImage]
    pen: float = 0.1
    stroke_texture: Levels | None = None
    printed: GreyImage = field(init=False)
    print_share: float = 0.2
    camera: Camera = field(default_factory=Camera)

    def __post_init__(self) -> None:
        self.printed = np.zeros_like(self.ink)

    @property
    def side(self) -> int:
        """Of the square sheet, in px."""
        return len(self.ink)

    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the ink; of an empty sheet, a box in the middle."""
        x, y, width, height = cv2.boundingRect(self.ink)
        if width == 0:
            return 0.3, 0.25, 0.7, 0.75
        return x / self.side, y / self.side, (x + width) / self.side, (y + height) / self.side

    def size(self) -> float:
        """Longer side of the ink's box."""
        left, top, right, bottom = self.box()
        return max(right - left, bottom - top)

    def line(self, start: Place, end: Place, width: float, strength: float = 1.0) -> None:
        """Print a straight line, its ends round; one thinner than a pixel is drawn fainter instead."""
        self.path(np.array((start, end)), width, strength)

    def path(self, points: NDArray[np.float64], width: float, strength: float = 1.0, closed: bool = False) -> None:
        """Print a line through points (N, 2)."""
        width_px = width * self.side
        level = 255 * strength * min(1.0, width_px)
        layer = np.zeros_like(self.printed)
        fixed = np.rint((points * self.side - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.polylines(layer, [fixed], closed, int(level), max(1, round(width_px)), cv2.LINE_AA, _SUBPIXEL_BITS)
        np.maximum(self.printed, layer, out=self.printed)

    def stamp(self, coverage: GreyImage, left: float, top: float) -> None:
        """Print a small picture, uint8 (H, W), 255 = print, at a place; what lies outside the sheet is cut off."""
        x, y = round(left * self.side), round(top * self.side)
        height, width = coverage.shape
        rows, columns = slice(max(y, 0), min(y + height, self.side)), slice(max(x, 0), min(x + width, self.side))
        if rows.start < rows.stop and columns.start < columns.stop:
            part = coverage[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
            np.maximum(self.printed[rows, columns], part, out=self.printed[rows, columns])

    def darken(self, amount: Field | float) -> None:
        """Take away a share of the paper's reflectance, [0, 1], everywhere or per pixel."""
        self.paper *= 1 - np.asarray(amount, np.float32)

    def shade(self, coverage: Field, depth: float) -> None:
        """Take away `depth` of the light where something is in its way, coverage in [0, 1]."""
        self.light *= 1 - np.float32(depth) * coverage.astype(np.float32)

    def texture(self, grain: float) -> Levels:
        """Smooth noise of mean 0 and standard deviation about 1 whose blotches are `grain` wide, float32 (S, S)."""
        cells = int(np.clip(1 / max(grain, 1e-3), 3, NOISE_SIDE - 2))
        field_ = _noise()[int(self.rng.integers(len(_noise())))]
        y, x = self.rng.integers(0, NOISE_SIDE - cells, 2)
        part = field_[y : y + cells, x : x + cells]
        return np.asarray(cv2.resize(part, (self.side, self.side), interpolation=cv2.INTER_CUBIC), np.float32)

    def reflectance(self) -> Levels:
        """Paper, print and ink together, float32 (S, S)."""
        printed = self.printed.astype(np.float32) / 255
        surface = self.paper * (1 - printed * (1 - self.print_share))
        ink = self.ink.astype(np.float32) / 255
        if self.stroke_texture is not None:
            ink *= self.stroke_texture
        return np.asarray(surface + (np.minimum(surface, self.pen) - surface) * ink, np.float32)


@lru_cache(maxsize=4)
def plane(side: int) -> tuple[Levels, Levels]:
    """x and y of each pixel's centre, float32 (S, S)."""
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) + 0.5) / side
    return x, y


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(20_261_125).standard_normal((12, NOISE_SIDE, NOISE_SIDE), dtype=np.float32)


def ramp(distance: Field, width: float) -> Levels:
    """A step at distance 0 that is `width` wide, in [0, 1]."""
    return np.asarray(np.clip(0.5 + distance / max(width, 1e-4), 0, 1), np.float32)


def direction(angle: float) -> Place:
    """Unit vector."""
    return math.cos(angle), math.sin(angle)
