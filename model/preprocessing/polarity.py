"""Decides the polarity: dark ink on light paper, or light ink on dark.

Most of a picture's border is paper, unless the crop is so tight that ink touches it.
"""

import cv2
import numpy as np

from model.preprocessing.images import GreyImage, border_of, shrunk
from model.preprocessing.paper import PAPER_SIDE, SEPARABLE, fit_illumination, separability_at

ONE_LEVEL = 0.9  # share of the border that has one of two grey levels: that level is paper
SHARP_WITHIN = 3.0  # px at `PAPER_SIDE`; strokes differ from surroundings this near, shadows do not
BARE_BORDER = 0.6  # share of the strongest edge; with weaker edges along the border no ink touches it
_CORNERS = np.ix_((0, -1), (0, -1))


def has_dark_ink(grey: GreyImage) -> bool:
    """Whether the ink of a grey image, uint8 (H, W), is darker than its paper.

    The border decides, its corners most, because ink seldom reaches them. Where the grey levels do not form two
    classes (Otsu, 1979), the illumination varies too: ink is then the longer tail of the levels around it.
    """
    threshold, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    darkest, lightest, *_ = cv2.minMaxLoc(border_of(grey))
    if darkest == lightest:
        return bool(light[0, 0])
    light_share = (2 * float(border_of(light).mean()) + float(light[_CORNERS].mean())) / 3
    has_two_levels = separability_at(grey, int(threshold)) > SEPARABLE
    if has_two_levels and (max(light_share, 1 - light_share) > ONE_LEVEL or not is_border_bare(grey)):
        return light_share > 0.5
    small = shrunk(grey, PAPER_SIDE).astype(np.float64)
    return float(((small - fit_illumination(small)) ** 3).mean()) < 0


def is_border_bare(grey: GreyImage) -> bool:
    """Whether nothing along the border stands out from its surroundings as strokes do within: no tight crop of ink."""
    small = shrunk(grey, PAPER_SIDE).astype(np.float32)
    sharpness = np.abs(small - cv2.GaussianBlur(small, (0, 0), SHARP_WITHIN))
    return float(border_of(sharpness).max()) < BARE_BORDER * float(sharpness.max())
