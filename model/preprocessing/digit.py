"""The one way from a picture to the network's input, for training, evaluation and serving alike.

Follows how MNIST was made (LeCun et al., 1998): the ink's box scaled to 20x20 keeping the aspect ratio, its centre of
mass in the middle of 28x28. `model.preprocessing.ink` finds the ink, `model.preprocessing.decoding` decodes bytes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.decoding import sent_size
from model.preprocessing.images import GreyImage, as_uint8, bounding_box, resized
from model.preprocessing.ink import PixelBox, locate_ink

PREPROCESSING_VERSION = "4"
SIDE = 28  # px, side of the network's input
BOX = 20  # px, side of the box the ink is scaled to
MEAN, STD = 0.1307, 0.3081  # of all MNIST training pixels, scaled to [0, 1]

OVERSAMPLING = 4  # pixels per output pixel, while the stroke width is measured and evened out
STROKE_WIDTH = (1.4, 5.0)  # px in the 20x20 box; 98% of MNIST lies between, and stays unchanged
BLOCK_WIDTH = 9.0  # px in the 20x20 box; no pen is so thick, so a block stays a block and is refused

cv2.setNumThreads(1)  # pictures are small: threads cost more than they gain


@dataclass(frozen=True)
class Digit:
    """What was taken for the digit.

    Attributes:
        image: uint8 (28, 28), 0 = paper, 255 = ink: what `normalise` makes the network's input of.
        box: x, y, width and height of the ink, in pixels of the picture as it was sent, upright.
    """

    image: GreyImage
    box: PixelBox


def digit_image(picture: Image.Image, is_dark_ink: bool | None = None) -> GreyImage:
    """The image of `find_digit` alone, uint8 (28, 28), 0 = paper, 255 = ink."""
    return find_digit(picture, is_dark_ink).image


def find_digit(picture: Image.Image, is_dark_ink: bool | None = None) -> Digit:
    """Crop, even out, scale and centre the ink of a decoded picture.

    Args:
        picture: of any mode, size and paper.
        is_dark_ink: whether the ink is darker than the paper; None detects it.

    Raises:
        NoInk: the picture shows no ink of a digit.
    """
    ink = locate_ink(picture, is_dark_ink)
    return Digit(digit_of(ink.image), ink.box(sent_size(picture)))


def digit_of(ink: GreyImage) -> GreyImage:
    """What the network sees of ink, uint8 (H, W) with some above 0: cropped, evened out, scaled, centred on 28x28."""
    return _centred(resized(_even_strokes(ink[bounding_box(ink)]), BOX))


def normalise(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The network's input, float32 (N, 1, 28, 28), of ink uint8 (N, 28, 28): MNIST has mean 0, standard deviation 1."""
    ink = images[:, np.newaxis].astype(np.float32) / np.float32(255)
    return (ink - np.float32(MEAN)) / np.float32(STD)


def stroke_width(ink: GreyImage) -> float:
    """Mean stroke width of cropped ink, in pixels of the 20x20 box it will be scaled to.

    In a bar of width w the distance to the edge averages w / 4; it is counted from pixel centres, hence the half.
    """
    work = resized(ink, BOX * OVERSAMPLING)
    return _width_of(work) / OVERSAMPLING


def _width_of(work: GreyImage) -> float:
    _, binary = cv2.threshold(work, 127, 1, cv2.THRESH_BINARY)
    strokes = cv2.copyMakeBorder(binary, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    count = cv2.countNonZero(strokes)
    if count == 0:
        return 0.0
    distance = cv2.distanceTransform(strokes, cv2.DIST_L2, 3)
    return 4 * (float(np.add.reduce(distance, axis=None)) / count - 0.5)


def _even_strokes(ink: GreyImage) -> GreyImage:
    """Thicken hairlines and thin markers until the stroke width is one that MNIST knows; leave the rest alone.

    A block is no stroke: thinned, it would become a 1.
    """
    work = resized(ink, BOX * OVERSAMPLING)
    width = _width_of(work) / OVERSAMPLING
    target = min(max(width, STROKE_WIDTH[0]), STROKE_WIDTH[1])
    if width == target or width > BLOCK_WIDTH:
        return ink
    # Growing the strokes by d grows the box by d too, so (w + d) / (BOX + d) = target / BOX.
    growth = (target - width) / (1 - target / BOX)
    growth = max(growth, -0.6 * width)
    steps = round(abs(growth) * OVERSAMPLING)
    if steps == 0:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (steps + 1, steps + 1))
    framed = cv2.copyMakeBorder(work, steps, steps, steps, steps, cv2.BORDER_CONSTANT)
    changed = as_uint8((cv2.dilate if growth > 0 else cv2.erode)(framed, kernel))
    return changed[bounding_box(changed)]


def _centred(ink: GreyImage) -> GreyImage:
    """Place ink of at most 20x20 on 28x28 so that its centre of mass lies in the middle, to the nearest pixel."""
    moments = cv2.moments(ink)
    top, left = (
        _offset(moments[moment] / moments["m00"], length)
        for moment, length in zip(("m01", "m10"), ink.shape, strict=True)
    )
    image = np.zeros((SIDE, SIDE), dtype=np.uint8)
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


def _offset(centre_of_mass: float, length: int) -> int:
    """First row or column of the ink, kept inside the picture; MNIST's centres lie at pixel 14, not at 13.5."""
    return min(max(round(SIDE / 2 - centre_of_mass), 0), SIDE - length)
