"""What the ink network sees: a picture as a square view, and its planes of level and of local contrast.

A view keeps the aspect: its longer side fills the square, and the paper along the edges goes on beyond them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.images import GreyImage, Levels, as_uint8

VIEW_SIDE = 192  # px of the square in which contrast is measured
MASK_SIDE = 96  # px of the network's planes and of the ink that it gives
PLANES = 4
NEIGHBOURHOOD = 25  # px of a view; contrast is against the mean of this square
LEAST_LEVELS = 6.0  # grey levels; weaker variation is not scaled up further
LEAST_CONTRAST = 0.03  # of logarithms; likewise
DARK_OFFSET = 16.0  # grey levels added before the logarithm: the grain of black is not contrast

_LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + np.float32(DARK_OFFSET))


@dataclass(frozen=True)
class View:
    """A picture in its square.

    Attributes:
        square: uint8 (192, 192), grey.
        rows, columns: where the picture itself lies in the network's planes of 96 px.
    """

    square: GreyImage
    rows: slice
    columns: slice

    @classmethod
    def of(cls, grey: GreyImage, border: int = cv2.BORDER_REPLICATE) -> "View":
        """The view of a grey picture, uint8 (H, W); beyond its edges they repeat, or as `border` says."""
        scale = MASK_SIDE / max(grey.shape)
        height, width = (max(1, round(length * scale)) for length in grey.shape)
        how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        fitted = cv2.resize(grey, (2 * width, 2 * height), interpolation=how)
        top, left = (MASK_SIDE - height) // 2, (MASK_SIDE - width) // 2
        bottom, right = MASK_SIDE - height - top, MASK_SIDE - width - left
        square = cv2.copyMakeBorder(fitted, 2 * top, 2 * bottom, 2 * left, 2 * right, border)
        return cls(as_uint8(square), slice(top, top + height), slice(left, left + width))


def planes(square: GreyImage) -> Levels:
    """The network's input for one view.

    Args:
        square: uint8 (192, 192), grey, of either polarity.

    Returns:
        float32 (4, 96, 96): grey level, and mean, least and largest of the contrast of 2x2 pixels. Contrast is the
        logarithm of the level less its mean nearby, so that a shadow changes it only along its edge. Both have a
        standard deviation of 1 unless the picture hardly varies.
    """
    level = cv2.resize(square, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    logarithm = cv2.LUT(square, _LOGARITHMS)
    contrast = logarithm - cv2.blur(logarithm, (NEIGHBOURHOOD, NEIGHBOURHOOD), borderType=cv2.BORDER_REFLECT_101)
    stacked = np.empty((PLANES, MASK_SIDE, MASK_SIDE), np.float32)
    _standardised(level, LEAST_LEVELS, out=stacked[0])
    contrast *= 1 / max(_deviation(contrast), LEAST_CONTRAST)
    rows = contrast[0::2], contrast[1::2]
    low, high = np.minimum(*rows), np.maximum(*rows)
    cv2.resize(contrast, (MASK_SIDE, MASK_SIDE), dst=stacked[1], interpolation=cv2.INTER_AREA)
    np.minimum(low[:, 0::2], low[:, 1::2], out=stacked[2])
    np.maximum(high[:, 0::2], high[:, 1::2], out=stacked[3])
    return stacked


def _standardised(levels: Levels, least: float, out: Levels) -> None:
    mean = float(cv2.mean(levels)[0])
    np.subtract(levels, np.float32(mean), out=out)
    out *= np.float32(1 / max(_deviation(levels), least))


def _deviation(levels: NDArray[np.float32]) -> float:
    return float(cv2.meanStdDev(levels)[1][0, 0])
