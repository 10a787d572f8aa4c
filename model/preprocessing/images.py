"""Grey images, uint8 (H, W), and what every step of the preprocessing does with them.

A grey image has 0 = black and 255 = white, an ink image 0 = paper and 255 = full ink.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.errors import NoInk

GreyImage = NDArray[np.uint8]
Levels = NDArray[np.float32]
Box = tuple[slice, slice]

MAX_SIDE = 320  # px; larger pictures are area-averaged to this size before ink is looked for
MIN_CONTRAST = 12  # grey levels between ink and paper; with less the picture is blank


def as_uint8(array: NDArray[np.generic]) -> GreyImage:
    """The same as uint8, fractions cut off; no copy where it is one already."""
    return np.asarray(array, dtype=np.uint8)


def resized(picture: GreyImage, side: int) -> GreyImage:
    """Scale the longer side to `side` px, keeping the aspect ratio; area averaging where it shrinks."""
    scale = side / max(picture.shape)
    if scale == 1:
        return picture
    height, width = (max(1, round(length * scale)) for length in picture.shape)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return as_uint8(cv2.resize(picture, (width, height), interpolation=interpolation))


def shrunk(picture: GreyImage, side: int) -> GreyImage:
    """Scale the longer side down to `side` px as `resized` does; smaller pictures stay as they are."""
    return resized(picture, min(side, max(picture.shape)))


def bounding_box(ink: GreyImage) -> Box:
    """Rows and columns of the smallest box around all ink above 0; `NoInk` where there is none."""
    x, y, width, height = cv2.boundingRect(ink)
    if width == 0:
        raise NoInk("the picture is blank: nothing stands out from the paper")
    return slice(y, y + height), slice(x, x + width)


def border_of(picture: NDArray[Any]) -> NDArray[Any]:
    """All along the edges, (2 H + 2 W,); the corners twice."""
    return np.concatenate((picture[0], picture[-1], picture[:, 0], picture[:, -1]))
