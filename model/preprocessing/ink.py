"""Finds the digit's ink: from any picture to an image of that ink alone, whatever the paper, light and polarity.

On clean paper the grey levels tell the ink (`model.preprocessing.levels`). Where anything else may be in the picture,
the ink network looks too (`model.preprocessing.segmentation`), and its ink is taken where the two disagree. Leaves
cropping, scaling and centring to `model.preprocessing.digit`.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from model.errors import NoInk
from model.preprocessing.flattening import flatten
from model.preprocessing.images import MAX_SIDE, Box, GreyImage, bounding_box, shrunk
from model.preprocessing.levels import ink_by_levels
from model.preprocessing.looks import LEAST_STROKE_PX, Look, agree, halves, look_at, look_nearer, widened
from model.preprocessing.plainness import is_plain, is_uniform, may_have_begun
from model.preprocessing.polarity import has_dark_ink
from model.preprocessing.views import MASK_SIDE

CLOSE_UP_SIDE = 96  # px; smaller ink is found again in the full-size picture
LARGE_SIDE = 288  # px; pictures so large are looked at in parts where the whole shows no ink
ZOOMED_SHARE = 0.5  # of a look's side; smaller ink is looked at again, enlarged until it fills about so much

PixelBox = tuple[int, int, int, int]  # x, y, width, height


@dataclass(frozen=True)
class Ink:
    """Ink, and where in the picture it was found.

    Attributes:
        image: uint8 (H, W), 0 = paper, 255 = full ink.
        left, top: of this image, in pixels of the picture.
        scale: pixels of the picture in one of the image.
        size: width and height of the picture.
    """

    image: GreyImage
    left: float
    top: float
    scale: float
    size: tuple[int, int]

    def box(self, sent: tuple[int, int]) -> PixelBox:
        """x, y, width and height of the ink, in whole pixels of a picture of the size that was sent."""
        rows, columns = bounding_box(self.image)
        x, width = self._along(columns, self.left, 0, sent)
        y, height = self._along(rows, self.top, 1, sent)
        return x, y, width, height

    def window(self) -> Box:
        """Rows and columns of the picture that this image covers."""
        rows, columns = (
            slice(int(start), min(round(start + length * self.scale), whole))
            for start, length, whole in zip((self.top, self.left), self.image.shape, self.size[::-1], strict=True)
        )
        return rows, columns

    def _along(self, ink: slice, offset: float, axis: int, sent: tuple[int, int]) -> tuple[int, int]:
        """First pixel and length along an axis, 0 = across."""
        enlarged = sent[axis] / self.size[axis]
        first = min(int((offset + ink.start * self.scale) * enlarged), sent[axis] - 1)
        last = min(math.ceil((offset + ink.stop * self.scale) * enlarged - 1e-6), sent[axis])
        return first, max(1, last - first)


def find_ink(picture: Image.Image, is_dark_ink: bool | None = None) -> GreyImage:
    """The image of `locate_ink` alone: uint8 (H, W), 0 = paper, 255 = full ink, at most `MAX_SIDE` on the longer side.

    Raises:
        NoInk: the picture shows no ink of a digit.
    """
    return locate_ink(picture, is_dark_ink).image


def locate_ink(picture: Image.Image, is_dark_ink: bool | None = None) -> Ink:
    """Find the ink of a decoded picture of any mode, size, aspect and polarity.

    Args:
        picture: as decoded.
        is_dark_ink: whether the ink is darker than the paper; None detects it.

    Raises:
        NoInk: the picture shows no ink of a digit.
    """
    grey, seen_dark = flatten(picture)
    small = shrunk(grey, MAX_SIDE)
    if is_uniform(small):
        raise NoInk("the picture is blank: nothing stands out from the paper")
    if is_dark_ink is None:
        is_dark_ink = has_dark_ink(small) if seen_dark is None else seen_dark
    ink = _by_levels(small, is_dark_ink)
    if ink is not None and is_plain(small, ink):
        return _near_by_levels(grey, small, ink, is_dark_ink)
    look = look_at(grey, np.s_[:, :], small)
    if ink is not None and look.strokes() < LEAST_STROKE_PX and may_have_begun(small, ink):
        return _near_by_levels(grey, small, ink, is_dark_ink)
    if ink is None or not agree(ink, look.ink):
        return _ink_by_network(grey, look)
    try:
        near = _near_by_levels(grey, small, ink, is_dark_ink)
    except NoInk:  # from nearby, what is around a small digit counts for more
        return _ink_by_network(grey, look)
    if near.image is ink or agree(near.image, look_at(grey, near.window()).ink):
        return near
    return _ink_by_network(grey, look)


def _by_levels(grey: GreyImage, is_dark_ink: bool) -> GreyImage | None:
    try:
        return ink_by_levels(grey, is_dark_ink)
    except NoInk:
        return None


def _near_by_levels(grey: GreyImage, small: GreyImage, ink: GreyImage, is_dark_ink: bool) -> Ink:
    """Ink that was found in the reduced picture by its levels; found again in the full-size one where it is small.

    Raises:
        NoInk: nothing stands out from nearby.
    """
    scale = max(grey.shape) / max(small.shape)
    size = (grey.shape[1], grey.shape[0])
    if scale == 1 or max(ink[box := bounding_box(ink)].shape) >= CLOSE_UP_SIDE:
        return Ink(ink, 0.0, 0.0, scale, size)
    rows, columns = widened(box, scale, grey.shape, 0.25)
    part = grey[rows, columns]
    near = ink_by_levels(shrunk(part, MAX_SIDE), is_dark_ink)
    return Ink(near, columns.start, rows.start, max(part.shape) / max(near.shape), size)


def _ink_by_network(grey: GreyImage, look: Look) -> Ink:
    """The network's ink, looked at again where it is small, and searched in parts of a large picture.

    Raises:
        NoInk: the network sees no ink of a digit anywhere.
    """
    if look.strokes() < LEAST_STROKE_PX and max(grey.shape) > LARGE_SIDE:
        look = max((look_at(grey, window) for window in halves(grey.shape)), key=Look.strokes)
    if look.strokes() < LEAST_STROKE_PX:
        raise NoInk("the picture is blank, or nothing in it looks handwritten")
    box = bounding_box(look.ink)
    if max(look.ink[box].shape) < ZOOMED_SHARE * MASK_SIDE:
        look = look_nearer(grey, look, box)
    return Ink(look.ink, look.columns.start, look.rows.start, look.scale, (grey.shape[1], grey.shape[0]))
