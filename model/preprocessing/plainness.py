"""Tells pictures that show nothing but ink on clean paper, at little cost: the ink network need not look at them."""

import cv2
import numpy as np

from model.preprocessing.images import MIN_CONTRAST, GreyImage, as_uint8, border_of, bounding_box
from model.preprocessing.levels import SMALL_SIDE
from model.preprocessing.paper import FLAT_PAPER_SPREAD, FLAT_SHARE

OUTLINE_SIDE = 64  # px of the square that ink is scaled to, to measure its outline
OUTLINE_LEVEL = 100  # of what counts as ink there
STRAIGHT = 0.75  # share of one side of the outline along one straight line: more is ruled, not written
NARROW = 0.4  # width to height; narrower ink is a 1, whose sides may be straight
MOST_BEGUN = 0.75  # of the picture's longer side; what is ruled or framed is longer
MOST_FILLED = 0.6  # share of its box that written ink fills, unless it is narrow
# Chords of a side, as shares of its length: lines through the outline at these two places.
_CHORDS = np.array(((0.1, 0.9), (0.05, 0.5), (0.5, 0.95), (0.02, 0.98), (0.25, 0.75)))
_ENDS = np.rint(_CHORDS * (OUTLINE_SIDE - 1)).astype(int)
_ALONG = (np.arange(OUTLINE_SIDE) - _ENDS[:, :1]) / (_ENDS[:, 1:] - _ENDS[:, :1])  # (5, 64), 0 to 1 between the ends


def is_uniform(grey: GreyImage) -> bool:
    """Whether no pixel stands out from any other."""
    darkest, lightest, *_ = cv2.minMaxLoc(grey)
    return lightest - darkest < MIN_CONTRAST


def has_bare_border(grey: GreyImage) -> bool:
    """Whether a grey picture, uint8 (H, W), has one level along its edges, as a drawing has and a photograph not."""
    darkest, lightest, *_ = cv2.minMaxLoc(border_of(grey))
    return lightest - darkest <= 2 * FLAT_PAPER_SPREAD


def may_have_begun(grey: GreyImage, ink: GreyImage) -> bool:
    """Whether ink may be the first strokes of a drawing: open pieces on paper of one level, too small for a frame.

    Args:
        grey: the picture, uint8 (H, W).
        ink: found in it by its levels, uint8 (H, W).
    """
    strokes = as_uint8(ink[bounding_box(ink)] > 0)
    border = border_of(grey)
    is_paper = np.abs(border - np.median(border)) <= FLAT_PAPER_SPREAD
    if is_paper.mean() < FLAT_SHARE or max(strokes.shape) > MOST_BEGUN * max(grey.shape):
        return False
    around = cv2.copyMakeBorder(as_uint8(1 - strokes), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    gaps, _ = cv2.connectedComponents(around, connectivity=4)
    return gaps == 2


def is_plain(grey: GreyImage, ink: GreyImage) -> bool:
    """Whether a picture shows one piece of ink on bare paper, and nothing that was ruled, printed or photographed.

    Small scans always are: they are cut out around the digit, and ink may run to their edges.

    Args:
        grey: the picture, uint8 (H, W).
        ink: found in it by its levels, uint8 (H, W).
    """
    if max(grey.shape) <= SMALL_SIDE:
        return True
    if not has_bare_border(grey):
        return False
    strokes = ink[bounding_box(ink)]
    count, _ = cv2.connectedComponents(strokes, connectivity=8)
    return count == 2 and not _is_ruled(strokes)


def _is_ruled(ink: GreyImage) -> bool:
    """Whether one side of cropped ink is straight, as where a line or a frame is part of it, or the ink is a block."""
    height, width = ink.shape
    square = cv2.resize(ink, (OUTLINE_SIDE, OUTLINE_SIDE), interpolation=cv2.INTER_NEAREST) > OUTLINE_LEVEL
    is_narrow = width < NARROW * height
    if not is_narrow and np.count_nonzero(square) > MOST_FILLED * square.size:
        return True
    sides = [square, square[::-1]] if height >= NARROW * width else []
    sides += [] if is_narrow else [square.T, square.T[::-1]]
    depth = np.stack([side.argmax(axis=0) for side in sides])  # (K, 64): from each side to the first ink
    ends = depth[:, _ENDS]  # (K, 5, 2)
    chords = ends[..., :1] + (ends[..., 1:] - ends[..., :1]) * _ALONG  # (K, 5, 64)
    near = np.abs(depth[:, np.newaxis] - chords) <= 1
    return bool(np.count_nonzero(near, axis=2).max() > STRAIGHT * OUTLINE_SIDE)
