"""Measures the paper: whether it is of one grey level or lit unevenly, and how bright it is under the ink.

`model.preprocessing.ink` takes the paper away; `model.preprocessing.polarity` tells dark ink from light.
"""

import math
from bisect import bisect_left, bisect_right
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.images import GreyImage, Levels, as_uint8, border_of, shrunk

PAPER_SIDE = 48  # px; the light on the paper is estimated at this size
WIDEST_STROKE = 0.3  # share of the longer side; wider marks count as paper
SEPARABLE = 0.76  # Otsu's separability of ink and paper is higher; of grain it is 0.64, of evenly falling light 0.75
FLAT_PAPER_SPREAD = 2  # grey levels by which drawn paper varies at most ...
FLAT_SHARE = 0.7  # ... along this share of the border; photographed paper varies more


def flat_paper(dark: GreyImage) -> tuple[np.uint8, bool]:
    """Grey level of the paper at the border, and whether nearly the whole border has it: drawn, not photographed."""
    border = border_of(dark)
    darkest, lightest, *_ = cv2.minMaxLoc(dark)
    levels = border[border >= math.ceil((darkest + lightest) / 2)]  # those of the paper
    if levels.size == 0:  # ink covers the whole border, so the paper lies inside
        return np.uint8(lightest), True
    levels.sort()
    paper = (int(levels[(levels.size - 1) // 2]) + int(levels[levels.size // 2])) // 2  # the median
    near = bisect_right(levels, paper + FLAT_PAPER_SPREAD) - bisect_left(levels, paper - FLAT_PAPER_SPREAD)
    return np.uint8(paper), near / levels.size > FLAT_SHARE


def two_classes(levels: Levels) -> tuple[float, Levels]:
    """Otsu's separability of levels into two classes, in [0, 1], and those of the lower one, float32 (N,)."""
    low, high = float(levels.min()), float(levels.max())
    scaled = as_uint8((levels - low) * (255 / max(high - low, 1e-6)))
    threshold, _ = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return separability_at(scaled, int(threshold)), levels[scaled <= threshold]


def separability_at(grey: GreyImage, threshold: int) -> float:
    """Share of the grey levels' variance that lies between the two classes rather than within them, in [0, 1]."""
    levels = np.arange(256)
    shares = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64) / grey.size
    share, mean = float(shares[threshold + 1 :].sum()), float(shares @ levels)
    if share in (0.0, 1.0):
        return 0.0
    of_light = float(shares[threshold + 1 :] @ levels[threshold + 1 :]) / share
    between = share / (1 - share) * (of_light - mean) ** 2
    return between / float(shares @ (levels - mean) ** 2)


def paper_under_ink(grey: GreyImage) -> Levels:
    """The paper's own brightness under dark ink, float32 (H, W), at least 1."""
    small = shrunk(grey, PAPER_SIDE).astype(np.float64)
    light = np.maximum(fit_illumination(small, without_ink=True), 1.0)
    # A quadratic surface cannot follow the edges of shadows; closing fills the strokes and keeps the shadows.
    side = int(WIDEST_STROKE * max(small.shape)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx((small / light).astype(np.float32), cv2.MORPH_CLOSE, kernel)
    shaded = light.astype(np.float32) * cv2.GaussianBlur(closed, (0, 0), 2.0)
    paper = cv2.resize(np.maximum(shaded, 1), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper, dtype=np.float32)


def fit_illumination(small: NDArray[np.float64], without_ink: bool = False) -> NDArray[np.float64]:
    """Least-squares quadratic surface through grey levels; `without_ink` leaves out what lies well below it."""
    terms = _quadratic_terms(*small.shape)
    values = small.ravel()
    kept = np.ones(values.size)
    surface = values
    for _ in range(3 if without_ink else 1):
        some = terms * kept
        weights, *_ = np.linalg.lstsq(some @ terms.T, some @ values, rcond=None)  # the normal equations
        surface = weights @ terms
        apart = (values - surface) * kept  # its mean is 0, because a constant is among the terms
        kept = (values >= surface - 0.5 * math.sqrt(float(apart @ apart) / float(kept.sum())) - 1e-6).astype(np.float64)
    return np.asarray(surface.reshape(small.shape), dtype=np.float64)


@lru_cache(maxsize=64)
def _quadratic_terms(height: int, width: int) -> NDArray[np.float64]:
    """1, x, y, x^2, x y, y^2 of every pixel, float64 (6, height * width)."""
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    return np.stack((np.ones_like(x), x, y, x * x, x * y, y * y))
