"""Decides the polarity: dark ink on light paper, or light ink on dark.

Most of a picture's border is paper, unless the crop is so tight that ink touches it.
"""

import cv2
import numpy as np

from model.preprocessing.images import GreyImage, border_of, shrunk
from model.preprocessing.paper import PAPER_SIDE, SEPARABLE, course_of_light, separability_at

ONE_LEVEL = 0.9  # of the border; so much of it on one side of two levels is paper
SHARP_WITHIN = 3.0  # px of a picture of `PAPER_SIDE`: strokes stand out from their surroundings, shadows do not
BARE_BORDER = 0.6  # of what stands out most; where less stands out along the border, no ink touches it
_CORNERS = np.ix_((0, -1), (0, -1))


def has_dark_ink(grey: GreyImage) -> bool:
    """Decide the polarity by the border, and above all its corners, where ink seldom comes: most of it is paper.

    But a bare border of several greys may be as much of light and shadow as of two levels (Otsu's separability, 1979).
    Ink is then the rarer and stronger departure from the light's course: the longer tail of the grey levels around it.
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
    return float(((small - course_of_light(small)) ** 3).mean()) < 0


def is_border_bare(grey: GreyImage) -> bool:
    """Whether nothing along the border stands out from its surroundings as strokes do within: no tight crop of ink."""
    small = shrunk(grey, PAPER_SIDE).astype(np.float32)
    sharpness = np.abs(small - cv2.GaussianBlur(small, (0, 0), SHARP_WITHIN))
    return float(border_of(sharpness).max()) < BARE_BORDER * float(sharpness.max())
