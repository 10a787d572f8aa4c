"""Finds the ink: from any picture to an image of the ink alone, whatever the paper, the light and the polarity.

Leaves the paper to `model.preprocessing.paper`; cropping, scaling and centring to `model.preprocessing.digit`.

On small pictures the calls themselves cost most, so this calls OpenCV's reductions and NumPy's methods, not the NumPy
functions that wrap them in Python.
"""

import cv2
import numpy as np
from PIL import Image

from model.errors import NoInk
from model.preprocessing.images import Box, GreyImage, Levels, as_uint8, border_of, bounding_box, shrunk
from model.preprocessing.paper import SEPARABLE, flat_paper, paper_under_ink, two_classes
from model.preprocessing.polarity import has_dark_ink, is_border_bare

MAX_SIDE = 320  # px; larger pictures are area-averaged to this size first
SMALL_SIDE = 32  # px; pictures up to this size are not smoothed
CLOSE_UP_SIDE = 96  # px; smaller ink is found again in the full-size picture
MIN_CONTRAST = 12  # grey levels between ink and paper; with less the picture is blank
GRAIN_SIGMAS = 4.0  # ink differs from paper by this many standard deviations of the grain
MOST_GRAIN = 1 / 8  # share of the strongest ink; a higher estimate measures stroke edges, not grain
FAINT_SHARE = 0.1  # share of full ink; fainter pixels are compression artefacts
STROKE_SHARE = 0.35  # share of full ink; under uneven light, fainter ink ...
FRINGE_SHARE = 0.03  # ... farther from a stroke than this share of the longer side is a shadow
SHEET_SHARE = 0.7  # opaque share of the box around a sheet of one colour, where the digit is cut out of it ...
SHEET_EDGE = 0.9  # ... and opaque share of its edge ...
CUT_SIDE = 0.15  # ... and longer side of the largest hole, as a share of the sheet's; round corners are smaller
SPECK_SHARE = 0.04  # share of the largest stroke's dark area; smaller separate marks are specks


def find_ink(picture: Image.Image, is_dark_ink: bool | None = None) -> GreyImage:
    """Find the ink of a decoded picture of any mode, size, aspect and polarity.

    Args:
        picture: as decoded.
        is_dark_ink: whether the ink is darker than the paper; None detects it.

    Returns:
        uint8 (H, W), 0 = paper, 255 = full ink, at most `MAX_SIDE` on the longer side, without stray specks.

    Raises:
        NoInk: nothing stands out from the paper.
    """
    grey, seen_dark = flatten(picture)
    small = shrunk(grey, MAX_SIDE)
    if is_dark_ink is None:
        is_dark_ink = has_dark_ink(small) if seen_dark is None else seen_dark
    ink = _ink_on_paper(small, is_dark_ink)
    scale = max(grey.shape) / max(small.shape)
    if scale > 1 and max(ink[box := bounding_box(ink)].shape) < CLOSE_UP_SIDE:
        ink = _ink_on_paper(shrunk(grey[_widened(box, scale, grey.shape)], MAX_SIDE), is_dark_ink)
    return ink


def flatten(picture: Image.Image) -> tuple[GreyImage, bool | None]:
    """Luminance of a picture on its paper, and whether its ink is dark where transparency already tells.

    Paper that shows through a drawing takes the colour that contrasts with the ink; transparent margins around an
    opaque sheet take the colour of the sheet. Of one colour, a sheet with a hole is paper: the digit is cut out of it.

    Raises:
        NoInk: every pixel is transparent.
    """
    if not picture.has_transparency_data:
        return _to_grey(picture), None
    rgba = np.asarray(picture if picture.mode == "RGBA" else picture.convert("RGBA"))
    alpha = as_uint8(cv2.extractChannel(rgba, 3))
    grey = as_uint8(cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY))
    least, most, *_ = cv2.minMaxLoc(alpha)
    if least == 255:
        return grey, None
    if most == 0:
        raise NoInk("the picture is blank: every pixel is transparent")
    visible = as_uint8(alpha >= max(1, int(most) // 2))
    darkest, lightest, *_ = cv2.minMaxLoc(grey, visible)
    if lightest - darkest <= 2 * MIN_CONTRAST:
        sheet = bounding_box(visible)
        if not _is_cut_sheet(visible[sheet]):
            return as_uint8(cv2.bitwise_not(alpha)), True
        paper = np.full_like(alpha, 255)
        paper[sheet] = alpha[sheet]
        return paper, True
    if float(visible[bounding_box(visible)].mean()) > 0.8:
        return _composite(grey, alpha, paper=float(np.median(grey[visible > 0]))), None
    is_dark_ink = cv2.mean(grey, visible)[0] < 160
    return _composite(grey, alpha, paper=255.0 if is_dark_ink else 0.0), is_dark_ink


def _is_cut_sheet(visible: GreyImage) -> bool:
    """Whether opaque pixels, 1 in uint8 (H, W), are a sheet with a hole rather than strokes of a pen."""
    if not SHEET_SHARE < float(visible.mean()) < 1 or float(border_of(visible).mean()) < SHEET_EDGE:
        return False
    _, _, holes, _ = cv2.connectedComponentsWithStats(as_uint8(1 - visible), connectivity=8)
    sides = holes[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return bool(sides.max() >= CUT_SIDE * max(visible.shape))


def _composite(grey: GreyImage, alpha: GreyImage, paper: float) -> GreyImage:
    weight = alpha.astype(np.float32) / 255
    return as_uint8(np.rint(grey * weight + np.float32(paper) * (1 - weight)))


def _to_grey(picture: Image.Image) -> GreyImage:
    """Luminance of an opaque picture; deep ones (16 and 32 bit, float) are scaled by the full scale that fits."""
    if picture.mode == "RGB":
        return as_uint8(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY))
    if picture.mode == "LAB":  # Pillow converts LAB only through colour profiles
        return np.asarray(picture.getchannel("L"))
    if not picture.mode.startswith(("I", "F")):
        return np.asarray(picture if picture.mode == "L" else picture.convert("L"))
    depth = np.float64 if picture.mode.startswith("F") else np.float32
    with np.errstate(invalid="ignore"):  # a float picture may hold NaN
        deep = np.nan_to_num(np.asarray(picture, dtype=depth), nan=0.0, posinf=0.0, neginf=0.0)
    deep -= min(float(deep.min()), 0.0)
    top = float(deep.max())
    full_scale = next((scale for scale in (1.0, 255.0, 65535.0) if top <= scale), top)
    deep *= 255.0 / full_scale
    return as_uint8(np.rint(deep, out=deep))


def _widened(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    """The box in the full picture, with a quarter of its longer side as margin."""
    margin = 0.25 * max(side.stop - side.start for side in box) + 2
    rows, columns = (
        slice(max(0, int((side.start - margin) * scale)), min(length, int((side.stop + margin) * scale) + 1))
        for side, length in zip(box, shape, strict=True)
    )
    return rows, columns


def _ink_on_paper(grey: GreyImage, is_dark_ink: bool) -> GreyImage:
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
