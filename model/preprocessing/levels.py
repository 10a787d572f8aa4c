"""Finds ink by its grey levels: whatever stands out from the paper, on paper that is clean.

On small pictures the calls themselves cost most, so this calls OpenCV's reductions and NumPy's methods, not the NumPy
functions that wrap them in Python.
"""

import cv2
import numpy as np

from model.errors import NoInk
from model.preprocessing.images import MIN_CONTRAST, Box, GreyImage, Levels, as_uint8, bounding_box
from model.preprocessing.paper import SEPARABLE, flat_paper, paper_under_ink, two_classes
from model.preprocessing.polarity import is_border_bare

SMALL_SIDE = 32  # px; pictures up to this size are not smoothed
GRAIN_SIGMAS = 4.0  # ink differs from paper by this many standard deviations of the grain
MOST_GRAIN = 1 / 8  # share of the strongest ink; a higher estimate measures stroke edges, not grain
FAINT_SHARE = 0.1  # share of full ink; fainter pixels are compression artefacts
STROKE_SHARE = 0.35  # share of full ink; under uneven light, fainter ink ...
FRINGE_SHARE = 0.03  # ... farther from a stroke than this share of the longer side is a shadow
SPECK_SHARE = 0.04  # share of the largest stroke's dark area; smaller separate marks are specks


def ink_by_levels(grey: GreyImage, is_dark_ink: bool) -> GreyImage:
    """Take the paper away and set the ink to full scale.

    Raises:
        NoInk: nothing stands out from the paper.
    """
    dark = grey if is_dark_ink else as_uint8(255 - grey)
    paper, is_flat = flat_paper(dark)
    is_small = max(grey.shape) <= SMALL_SIDE
    box: Box = np.s_[:, :]
    if is_flat:
        drawn = as_uint8(cv2.subtract(np.full(dark.shape, paper), dark))
        box = bounding_box(drawn)  # the rest is bare paper
        ink, grain = drawn[box].astype(np.float32), 0.0
    else:
        ink, grain = _ink_on_uneven_paper(dark, is_grainy=not is_small)
    full = _full_ink(ink)
    if full < max(MIN_CONTRAST, GRAIN_SIGMAS * grain):
        raise NoInk("the picture is blank: nothing stands out from the paper")
    floor = 0.0 if is_flat and is_small else max(FAINT_SHARE * full, 0.5 * GRAIN_SIGMAS * grain)
    result = np.zeros(grey.shape, dtype=np.uint8)
    levels = (ink - floor) * (255 / max(full - floor, 1.0))
    strokes = as_uint8(np.minimum(np.maximum(levels, 0), 255))
    result[box] = _without_specks(strokes if is_flat else _without_shadows(strokes))
    return result


def _ink_on_uneven_paper(grey: GreyImage, is_grainy: bool) -> tuple[Levels, float]:
    """How many levels darker than its paper each pixel is, float32 (H, W), and the grain of the bare paper.

    Light falls off by a factor, so ink is measured as a share of the paper around it, then scaled to the paper's level.
    A tight crop has no paper around its ink: where the levels as they were sent separate better, those are used. The
    grain is the standard deviation, estimated from the median absolute deviation, which ink hardly affects.
    """
    paper = paper_under_ink(grey)
    step = max(1, max(grey.shape) // 64)  # every pixel of a small picture, a sample of a large one
    levels = grey.astype(np.float32)
    ink: Levels = (1 - levels / paper) * np.float32(np.median(paper[::step, ::step]))
    as_sent: Levels = 255 - levels
    if is_grainy:
        ink, as_sent = (np.asarray(cv2.GaussianBlur(some, (3, 3), 0), np.float32) for some in (ink, as_sent))
    separability, bare = two_classes(ink[::step, ::step])
    if not is_border_bare(grey):
        separability_as_sent, bare_as_sent = two_classes(as_sent[::step, ::step])
        if separability_as_sent > max(separability, SEPARABLE):
            ink, separability, bare = as_sent, separability_as_sent, bare_as_sent
    if separability <= SEPARABLE:  # little ink, or none: most is paper
        bare = ink[::step, ::step].ravel()
    base_level = np.median(bare)  # `paper_under_ink` estimates the paper at its brightest
    ink = np.asarray(ink - base_level, np.float32)
    grain = 1.4826 * float(np.median(np.abs(bare - base_level)))
    return ink, min(grain, MOST_GRAIN * float(ink.max())) if separability > SEPARABLE else grain


def _full_ink(ink: Levels) -> float:
    """Level of full ink: the 90th percentile of what is over half as strong as the strongest."""
    _, strongest, *_ = cv2.minMaxLoc(ink)
    return percentile_90(ink[ink > strongest / 2]) if strongest > 0 else 0.0


def percentile_90(values: Levels) -> float:
    """`np.percentile(values, 90)` of float32 (N,), to the last bit, in a tenth of its 20 microseconds."""
    position = (values.size - 1) * 0.9
    below = int(position)
    above = min(below + 1, values.size - 1)
    ordered = values.copy()
    ordered.partition((below, above))
    low, high, share = ordered[below], ordered[above], position - below
    return float(high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share)


def _without_shadows(ink: GreyImage) -> GreyImage:
    """Drop what is faint and away from the strokes: the edges of shadows that are too steep for the illumination."""
    reach = max(1, round(FRINGE_SHARE * max(ink.shape)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return as_uint8(ink * cv2.dilate(as_uint8(ink > STROKE_SHARE * 255), kernel))


def _without_specks(ink: GreyImage) -> GreyImage:
    """Drop separate marks that are much smaller than the largest stroke, or nowhere dark: specks, edges of shadows."""
    count, labels = cv2.connectedComponents(as_uint8(ink > 0), connectivity=8)
    if count <= 2:
        return ink
    areas = np.bincount(labels[ink > 127], minlength=count)
    is_kept = areas >= max(1.0, SPECK_SHARE * float(areas.max()))
    return as_uint8(ink * is_kept[labels])
