"""Finds the digit's ink: from any picture to an image of that ink alone, whatever the paper, light and polarity.

On clean paper the grey levels tell the ink (`model.preprocessing.levels`). Where anything else may be in the picture,
the ink network looks too (`model.preprocessing.segmentation`), and its ink is taken where the two disagree. Leaves
cropping, scaling and centring to `model.preprocessing.digit`.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from model.errors import NoInk
from model.preprocessing.flattening import flatten
from model.preprocessing.images import Box, GreyImage, as_uint8, bounding_box, shrunk
from model.preprocessing.levels import ink_by_levels
from model.preprocessing.plainness import is_plain, is_uniform
from model.preprocessing.polarity import has_dark_ink
from model.preprocessing.segmentation import released_segmenter
from model.preprocessing.views import MASK_SIDE

MAX_SIDE = 320  # px; larger pictures are area-averaged to this size first
CLOSE_UP_SIDE = 96  # px; smaller ink is found again in the full-size picture
SURE = 127  # level of the network's ink that counts as a stroke
LEVELS_SURE = 96  # likewise of ink found by its levels, averaged to the network's pixels
FAINT = 25  # level of the network's ink that counts as none
LARGE_SHARE = 0.3  # of the largest piece's area; such pieces belong to what is written, wherever they are
NEAR_SHARE, SMALL_SHARE = 0.15, 0.03  # of its longer side and area; smaller pieces belong to it where they are near
LEAST_STROKE_PX = 6  # of the network's 96x96; fewer pixels are no ink
LARGE_SIDE = 288  # px; pictures so large are looked at in parts where the whole shows no ink
ZOOMED_SHARE = 0.5  # of a look's side; smaller ink is looked at again, enlarged until it fills about so much
SEEN_SHARE = 0.12  # of the ink's longer side; nearer to the first look's ink, the second look's counts
ZOOM_MARGIN = 0.45  # of the ink's longer side, on each side of it
DIFFERENT_SHARE = 0.06  # of the strokes; the two ways agree where they differ by less
BOX_PX, BOX_SHARE = 1.6, 0.04  # px of 96, and share of the longer side, by which their boxes may differ
REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # px of 96; strokes of the two ways lie so near

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
        return _close_up(grey, small, ink, is_dark_ink)
    look = _look(grey, np.s_[:, :], small)
    if ink is not None and _agree(ink, look.ink):
        try:
            return _close_up(grey, small, ink, is_dark_ink)
        except NoInk:
            pass  # from nearby, what is around a small digit counts for more
    return _ink_by_network(grey, look)


def _by_levels(grey: GreyImage, is_dark_ink: bool) -> GreyImage | None:
    try:
        return ink_by_levels(grey, is_dark_ink)
    except NoInk:
        return None


def _close_up(grey: GreyImage, small: GreyImage, ink: GreyImage, is_dark_ink: bool) -> Ink:
    """Ink that was found by its levels; found again in the full-size picture where it is small."""
    scale = max(grey.shape) / max(small.shape)
    size = (grey.shape[1], grey.shape[0])
    if scale == 1 or max(ink[box := bounding_box(ink)].shape) >= CLOSE_UP_SIDE:
        return Ink(ink, 0.0, 0.0, scale, size)
    rows, columns = _widened(box, scale, grey.shape, 0.25)
    part = grey[rows, columns]
    ink = ink_by_levels(shrunk(part, MAX_SIDE), is_dark_ink)
    return Ink(ink, columns.start, rows.start, max(part.shape) / max(ink.shape), size)


@dataclass(frozen=True)
class _Look:
    """What the network saw in a part of the picture: `ink` uint8 (h, w), and where that part lies, in its pixels."""

    ink: GreyImage
    rows: slice
    columns: slice

    @property
    def scale(self) -> float:
        """Pixels of the picture in one of the ink's."""
        return float((self.columns.stop - self.columns.start) / self.ink.shape[1])

    def strokes(self) -> int:
        """Pixels of sure ink."""
        return int(cv2.countNonZero(as_uint8(self.ink > SURE)))


def _look(grey: GreyImage, window: Box, part: GreyImage | None = None) -> _Look:
    """Let the network look at a part of a picture; `part` is that part where it was shrunk already."""
    rows, columns = (slice(*side.indices(length)) for side, length in zip(window, grey.shape, strict=True))
    seen = released_segmenter().ink(shrunk(grey[rows, columns], MAX_SIDE) if part is None else part)
    levels = (seen.astype(np.float32) - FAINT) * (255 / (255 - FAINT))
    return _Look(_main_group(as_uint8(np.maximum(levels, 0))), rows, columns)


def _agree(ink: GreyImage, seen: GreyImage) -> bool:
    """Whether ink found by its levels and ink that the network saw are the same strokes in the same box."""
    sure = as_uint8(seen > SURE)
    if not _same_box(ink, sure):
        return False
    strokes = as_uint8(cv2.resize(ink, seen.shape[::-1], interpolation=cv2.INTER_AREA) > LEVELS_SURE)
    most = LEAST_STROKE_PX / 2 + DIFFERENT_SHARE * max(cv2.countNonZero(strokes), cv2.countNonZero(sure))
    left_out = cv2.countNonZero(cv2.subtract(strokes, as_uint8(cv2.dilate(sure, REACH))))
    added = cv2.countNonZero(cv2.subtract(sure, as_uint8(cv2.dilate(strokes, REACH))))
    return left_out <= most and added <= most


def _same_box(ink: GreyImage, sure: GreyImage) -> bool:
    """Whether the boxes around the two are the same, nearly: even a faint line widens the first."""
    left, top, width, height = cv2.boundingRect(sure)
    if width == 0:
        return False
    scale = sure.shape[1] / ink.shape[1]
    x, y, across, down = (length * scale for length in cv2.boundingRect(ink))
    most = BOX_PX + BOX_SHARE * max(width, height)
    apart = (x - left, y - top, x + across - left - width, y + down - top - height)
    return bool(max(abs(length) for length in apart) <= most)


def _ink_by_network(grey: GreyImage, look: _Look) -> Ink:
    """The network's ink, looked at again where it is small, and searched in parts of a large picture.

    Raises:
        NoInk: the network sees no ink of a digit anywhere.
    """
    if look.strokes() < LEAST_STROKE_PX and max(grey.shape) > LARGE_SIDE:
        look = max((_look(grey, window) for window in _halves(grey.shape)), key=_Look.strokes)
    if look.strokes() < LEAST_STROKE_PX:
        raise NoInk("the picture is blank, or nothing in it looks handwritten")
    box = bounding_box(look.ink)
    if max(look.ink[box].shape) < ZOOMED_SHARE * MASK_SIDE:
        look = _nearer(grey, look, box)
    return Ink(look.ink, look.columns.start, look.rows.start, look.scale, (grey.shape[1], grey.shape[0]))


def _nearer(grey: GreyImage, look: _Look, box: Box) -> _Look:
    """A second look at small ink, enlarged; what the first look saw no ink near is none."""
    window = _widened(box, look.scale, grey.shape, ZOOM_MARGIN, look.rows.start, look.columns.start)
    nearer = _look(grey, window)
    reach = max(2, round(SEEN_SHARE * max(look.ink[box].shape)))
    around = cv2.dilate(look.ink, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    zoom = nearer.scale / look.scale
    left, top = (nearer.columns.start - look.columns.start), (nearer.rows.start - look.rows.start)
    place = np.array(((zoom, 0, left / look.scale), (0, zoom, top / look.scale)))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(around, place, nearer.ink.shape[::-1], flags=how, borderValue=255)
    ink = as_uint8(nearer.ink * (seen > FAINT))
    return _Look(ink, nearer.rows, nearer.columns) if np.count_nonzero(ink > SURE) >= LEAST_STROKE_PX else look


def _main_group(ink: GreyImage) -> GreyImage:
    """The largest piece of the network's ink, with those that are nearly as large or close to it."""
    count, labels, pieces, _ = cv2.connectedComponentsWithStats(as_uint8(ink > 0), connectivity=8)
    if count <= 2:
        return ink
    areas = np.bincount(labels[ink > SURE], minlength=count)
    areas[0] = 0
    main = int(areas.argmax())
    first, last = pieces[:, :2], pieces[:, :2] + pieces[:, 2:4]
    gaps = np.maximum(first - last[main], first[main] - last).max(axis=1)
    near = gaps < NEAR_SHARE * float(pieces[main, 2:4].max())
    is_kept = (areas >= LARGE_SHARE * areas[main]) | (near & (areas >= max(1.0, SMALL_SHARE * areas[main])))
    is_kept[0] = False
    return as_uint8(ink * is_kept[labels])


def _halves(shape: tuple[int, ...]) -> list[Box]:
    """The middle and the four corners of a picture, each half as wide and high."""
    height, width = shape
    places = ((0.25, 0.25), (0, 0), (0, 0.5), (0.5, 0), (0.5, 0.5))
    return [
        (slice(int(y * height), int((y + 0.5) * height)), slice(int(x * width), int((x + 0.5) * width)))
        for y, x in places
    ]


def _widened(box: Box, scale: float, shape: tuple[int, ...], share: float, top: float = 0.0, left: float = 0.0) -> Box:
    """The box in the full picture, with a share of its longer side as margin; `top` and `left` in its pixels."""
    margin = share * max(side.stop - side.start for side in box) + 2
    rows, columns = (
        slice(
            max(0, int(start + (side.start - margin) * scale)),
            min(length, int(start + (side.stop + margin) * scale) + 1),
        )
        for side, length, start in zip(box, shape, (top, left), strict=True)
    )
    return rows, columns
