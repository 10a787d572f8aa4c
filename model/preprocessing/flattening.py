"""From a decoded picture of any mode to grey levels: luminance, transparency, and the deep modes of scanners."""

import cv2
import numpy as np
from PIL import Image

from model.errors import NoInk
from model.preprocessing.images import MIN_CONTRAST, GreyImage, as_uint8, border_of, bounding_box

SHEET_SHARE = 0.7  # opaque share of the box around a sheet of one colour, where the digit is cut out of it ...
SHEET_EDGE = 0.9  # ... and opaque share of its edge ...
CUT_SIDE = 0.15  # ... and longer side of the largest hole, as a share of the sheet's; round corners are smaller


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
