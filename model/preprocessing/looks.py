"""Looks of the ink network at a picture or a part of it, and whether ink found by its levels agrees with one."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from model.preprocessing.images import MAX_SIDE, Box, GreyImage, as_uint8, shrunk

if TYPE_CHECKING:
    from model.preprocessing.segmentation import InkSegmenter

SURE = 127  # level of the network's ink that counts as a stroke
LEVELS_SURE = 96  # likewise of ink found by its levels, averaged to the network's pixels
FAINT = 25  # level of the network's ink that counts as none
LEAST_STROKE_PX = 6  # of the network's 96x96; fewer pixels are no ink
LARGE_SHARE = 0.3  # of the largest piece's area; such pieces belong to what is written, wherever they are
NEAR_SHARE, SMALL_SHARE = 0.15, 0.03  # of its longer side and area; smaller pieces belong to it where they are near
SEEN_SHARE = 0.12  # of the ink's longer side; nearer to the first look's ink, the second look's counts
ZOOM_MARGIN = 0.45  # of the ink's longer side, on each side of it
DIFFERENT_SHARE = 0.06  # of the strokes; the two ways agree where they differ by less
BOX_PX, BOX_SHARE = 1.6, 0.04  # px of 96, and share of the longer side, by which their boxes may differ
GRAIN, MOST_GRAIN = np.ones((3, 3), np.uint8), 0.03  # size of holes in strokes, in px of 96, and their share of the ink
REACH = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # px of 96; strokes of the two ways lie so near


def released_segmenter() -> "InkSegmenter":
    """The released ink network; PyTorch is imported where it is asked, not wherever a room imports this one."""
    from model.preprocessing import segmentation

    return segmentation.released_segmenter()


@dataclass(frozen=True)
class Look:
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


def look_at(grey: GreyImage, window: Box, part: GreyImage | None = None) -> Look:
    """Let the network look at a part of a picture; `part` is that part where it was shrunk already."""
    rows, columns = (slice(*side.indices(length)) for side, length in zip(window, grey.shape, strict=True))
    seen = released_segmenter().ink(shrunk(grey[rows, columns], MAX_SIDE) if part is None else part)
    levels = (seen.astype(np.float32) - FAINT) * (255 / (255 - FAINT))
    return Look(_main_group(as_uint8(np.maximum(levels, 0))), rows, columns)


def look_nearer(grey: GreyImage, look: Look, box: Box) -> Look:
    """A second look at small ink, enlarged; what the first look saw no ink near is none."""
    window = widened(box, look.scale, grey.shape, ZOOM_MARGIN, look.rows.start, look.columns.start)
    nearer = look_at(grey, window)
    reach = max(2, round(SEEN_SHARE * max(look.ink[box].shape)))
    around = cv2.dilate(look.ink, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    zoom = nearer.scale / look.scale
    left, top = (nearer.columns.start - look.columns.start), (nearer.rows.start - look.rows.start)
    place = np.array(((zoom, 0, left / look.scale), (0, zoom, top / look.scale)))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(around, place, nearer.ink.shape[::-1], flags=how, borderValue=255)
    ink = as_uint8(nearer.ink * (seen > FAINT))
    return Look(ink, nearer.rows, nearer.columns) if np.count_nonzero(ink > SURE) >= LEAST_STROKE_PX else look


def halves(shape: tuple[int, ...]) -> list[Box]:
    """The middle and the four corners of a picture, each half as wide and high."""
    height, width = shape
    places = ((0.25, 0.25), (0, 0), (0, 0.5), (0.5, 0), (0.5, 0.5))
    return [
        (slice(int(y * height), math.ceil((y + 0.5) * height)), slice(int(x * width), math.ceil((x + 0.5) * width)))
        for y, x in places
    ]


def agree(ink: GreyImage, seen: GreyImage) -> bool:
    """Whether ink found by its levels and ink that the network saw are the same strokes in the same box."""
    sure = as_uint8(seen > SURE)
    if not _same_box(ink, sure):
        return False
    reduced = as_uint8(cv2.resize(ink, seen.shape[::-1], interpolation=cv2.INTER_AREA))
    if _is_grainy(reduced, sure):
        return False
    strokes = as_uint8(reduced > LEVELS_SURE)
    most = LEAST_STROKE_PX / 2 + DIFFERENT_SHARE * max(cv2.countNonZero(strokes), cv2.countNonZero(sure))
    left_out = cv2.countNonZero(cv2.subtract(strokes, as_uint8(cv2.dilate(sure, REACH))))
    added = cv2.countNonZero(cv2.subtract(sure, as_uint8(cv2.dilate(strokes, REACH))))
    return left_out <= most and added <= most


def _is_grainy(ink: GreyImage, sure: GreyImage) -> bool:
    """Whether there are small holes in strokes, 1 in `sure`, as pencil and chalk leave them: the network fills them."""
    filled = cv2.mean(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, GRAIN), sure)[0]
    return filled - cv2.mean(ink, sure)[0] > MOST_GRAIN * filled


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


def widened(box: Box, scale: float, shape: tuple[int, ...], share: float, top: float = 0.0, left: float = 0.0) -> Box:
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
