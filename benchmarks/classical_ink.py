"""The digit's ink by classical image processing, which the ink network is measured against.

Contrast at the scale of strokes (black top-hat) leaves shadows behind, openings by long segments find straight lines
(Serra, 1982), and the largest group of strokes near the middle is the digit. Lengths are shares of the view's side.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.errors import NoInk
from model.preprocessing.flattening import flatten
from model.preprocessing.images import GreyImage, as_uint8, bounding_box, resized
from model.preprocessing.looks import widened
from model.preprocessing.polarity import has_dark_ink

VIEW_SIDE = 192  # px
STROKE = 0.2  # wider than any stroke; what is wider is paper or shadow
LEAST_CONTRAST = 14  # of 255; with less the picture is blank
GRAIN_FACTOR = 3.0  # ink is so many times as strong as the grain
LONG = 0.22  # shorter runs are no lines
NEAR_BORDER = 0.12  # where a line begins that comes from beyond the picture
ACROSS, THIN, EDGE = 0.6, 0.022, 0.02  # length from border to border, width of a short line, distance of a frame
OFF_MIDDLE, CUT_OFF = 2.5, 0.15  # how a stroke's weight falls with its distance from the middle, and at the border
NEAR, SMALL = 0.2, 0.05  # of the main stroke's longer side and area: what belongs to it
ZOOMED = 0.3  # ink below this share of the view is looked at again, enlarged


def classical_ink(picture: Image.Image) -> GreyImage:
    """The digit's ink in a view of a decoded picture, uint8 (H, W), 0 = paper, 255 = full ink.

    Raises:
        NoInk: the picture shows no ink of a digit.
    """
    grey, seen_dark = flatten(picture)
    view = resized(grey, VIEW_SIDE)
    is_dark_ink = has_dark_ink(view) if seen_dark is None else seen_dark
    ink = _ink_of(view, is_dark_ink)
    box = bounding_box(ink)
    if max(ink[box].shape) < ZOOMED * VIEW_SIDE:
        near = grey[widened(box, max(grey.shape) / VIEW_SIDE, grey.shape, 0.6)]
        try:
            return _ink_of(resized(near, VIEW_SIDE), is_dark_ink)
        except NoInk:
            return ink
    return ink


def _ink_of(view: GreyImage, is_dark_ink: bool) -> GreyImage:
    contrast = _contrast(view if is_dark_ink else as_uint8(255 - view))
    strongest = float(np.percentile(contrast, 99.5))
    if strongest < LEAST_CONTRAST:
        raise NoInk("nothing stands out from the paper")
    grain = 1.4826 * float(np.median(np.abs(contrast - np.median(contrast))))
    clipped = as_uint8(np.minimum(contrast, strongest))
    otsu, _ = cv2.threshold(clipped, 0, 255, cv2.THRESH_OTSU)
    strokes = as_uint8(contrast > max(min(otsu, 0.5 * strongest), 0.3 * strongest, GRAIN_FACTOR * grain))
    kept = cv2.dilate(_digit(_without_lines(strokes)), np.ones((3, 3), np.uint8))
    levels = (contrast - 0.12 * strongest) * (255 / (0.78 * strongest))
    ink = as_uint8(np.clip(levels, 0, 255) * kept)
    if not ink.any():
        raise NoInk("only lines stand out from the paper")
    return ink


def _contrast(dark: GreyImage) -> NDArray[np.float32]:
    """How much darker each pixel is than the paper around it, as a share of the paper, float32 (H, W), 0 to 255."""
    smooth = cv2.GaussianBlur(dark, (3, 3), 0)
    side = round(STROKE * max(dark.shape)) | 1
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    return np.asarray(255.0 * cv2.subtract(paper, smooth) / np.maximum(paper, 24), np.float32)


def _without_lines(strokes: GreyImage) -> GreyImage:
    """Strokes, 0 and 1, without straight lines; where a line crossed a stroke, the stroke stays whole."""
    lines = as_uint8(_lines_across(strokes) | _lines_across(as_uint8(strokes.T)).T)
    if not lines.any():
        return strokes
    rest = as_uint8(cv2.subtract(strokes, cv2.dilate(lines, np.ones((3, 3), np.uint8))))
    joined = as_uint8(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))))
    return as_uint8(rest | (joined & strokes))


def _lines_across(strokes: GreyImage) -> GreyImage:
    """Pixels of lines that run from left to right, a few degrees aslant at most."""
    height, width = strokes.shape
    wide, run = cv2.dilate(strokes, np.ones((3, 1), np.uint8)), np.ones((1, max(8, round(LONG * width))), np.uint8)
    runs = as_uint8(cv2.morphologyEx(wide, cv2.MORPH_OPEN, run))
    _, labels, pieces, _ = cv2.connectedComponentsWithStats(as_uint8(runs & strokes), connectivity=8)
    left, top, across, down, area = pieces.T
    length, thickness = across / width, area / np.maximum(across, 1) / width
    borders = (left < NEAR_BORDER * width).astype(int) + (left + across > (1 - NEAR_BORDER) * width)
    from_edge = np.minimum(top, height - top - down) / height
    is_line = (borders == 2) & (length > ACROSS) & (thickness < STROKE / 2)
    is_line |= (borders > 0) & (thickness < THIN) & (length > LONG)
    is_line |= (from_edge < EDGE) & (length > LONG) & (thickness < STROKE)
    is_line[0] = False
    return as_uint8(is_line[labels])


def _digit(strokes: GreyImage) -> GreyImage:
    """The weightiest stroke, large and near the middle, with those that belong to it; 0 and 1."""
    count, labels, pieces, centres = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if count < 2:
        return strokes
    height, width = strokes.shape
    left, top, across, down, area = pieces.T
    is_cut = np.minimum.reduce((left, top, width - left - across, height - top - down)) <= 1
    off = np.hypot(*((centres - (width / 2, height / 2)) / (width, height)).T)
    weight = area * np.exp(-OFF_MIDDLE * off) * np.where(is_cut, CUT_OFF, 1)
    weight[0] = 0
    main = int(weight.argmax())
    first, last = pieces[:, :2], pieces[:, :2] + pieces[:, 2:4]
    gaps = np.maximum(first - last[main], first[main] - last).max(axis=1)
    belongs = (area > SMALL * area[main]) & ~is_cut & (gaps < NEAR * max(across[main], down[main]))
    belongs[main], belongs[0] = True, False
    return as_uint8(belongs[labels])
