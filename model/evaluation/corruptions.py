"""Corrupts pictures before they are read: noise, blur, shift, rotation, thicker and thinner strokes, less contrast.

What is corrupted is the picture that a person would send, so that what is measured is the whole way to the answer. No
torch in here: the processes that draw start the sooner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.data.parallel import OnProgress, map_chunks, silent
from model.errors import NoInk
from model.preprocessing.digit import BOX, digit_image
from model.preprocessing.images import GreyImage, border_of, bounding_box

SEED = 20_240_504
CHUNK = 20  # pictures that a process corrupts at a time
MORPHOLOGY_SIDE = 160  # px; strokes grow and shrink on ink at least this long


@dataclass(frozen=True)
class Corruption:
    """One way to corrupt a picture.

    Attributes:
        unit: of the amounts, in words; a "box px" is a twentieth of the longer side of the ink, as the network sees it.
        amounts: at severities 1, 2, 3, ...; it grows stronger along them.
        apply: gives the corrupted picture, uint8 (H', W'), of a picture uint8 (H, W), an amount and rng.
    """

    unit: str
    amounts: tuple[float, ...]
    apply: Callable[[GreyImage, float, Generator], GreyImage]


def corrupt(picture: GreyImage, name: str, severity: int, rng: Generator) -> GreyImage:
    """Corrupt a picture by one of `CORRUPTIONS`; severity 0 leaves it as it is.

    Args:
        picture: grey, uint8 (H, W), ink and paper of either polarity.
        name: of the corruption.
        severity: 0 to the number of its amounts.
        rng: of directions and noise; the same state gives the same picture.

    Raises:
        ValueError: there is no such corruption or severity.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"no corruption is called {name!r}; known: {', '.join(CORRUPTIONS)}")
    amounts = CORRUPTIONS[name].amounts
    if not 0 <= severity <= len(amounts):
        raise ValueError(f"severity is {severity}; {name} has 0 to {len(amounts)}")
    return CORRUPTIONS[name].apply(picture, amounts[severity - 1], rng) if severity else picture


def corrupted(pictures: Sequence[GreyImage], progress: OnProgress = silent) -> dict[str, list[list[GreyImage | None]]]:
    """What the network sees of every picture under every corruption and severity, drawn on all cores.

    Random numbers come from `SEED` and the picture's number, so one picture is turned the same way at every severity.

    Returns:
        For each corruption, for each severity from 0, for each picture uint8 (28, 28), or `None` where no ink is left.
    """
    seen = map_chunks(_corrupted_chunk, pictures, CHUNK, progress)
    return {
        name: [[picture[i][severity] for picture in seen] for severity in range(len(corruption.amounts) + 1)]
        for i, (name, corruption) in enumerate(CORRUPTIONS.items())
    }


def _corrupted_chunk(start: int, pictures: Sequence[GreyImage]) -> list[list[list[GreyImage | None]]]:
    return [_corrupted_picture(start + i, picture) for i, picture in enumerate(pictures)]


def _corrupted_picture(number: int, picture: GreyImage) -> list[list[GreyImage | None]]:
    return [
        [_seen(corrupt(picture, name, severity, rng_for_picture(number))) for severity in range(len(one.amounts) + 1)]
        for name, one in CORRUPTIONS.items()
    ]


def rng_for_picture(number: int) -> Generator:
    """The random numbers that corrupt the picture of this number."""
    return default_rng((SEED, number))


def _seen(picture: GreyImage) -> GreyImage | None:
    try:
        return digit_image(Image.fromarray(picture))
    except NoInk:
        return None


def paper_of(picture: GreyImage) -> int:
    """The grey level of the paper: what most of the border shows."""
    return int(np.median(border_of(picture)))


def _box_px(picture: GreyImage) -> float:
    """How many pixels of the picture one pixel of the box of 20 covers that its ink will be scaled to."""
    ink = np.asarray(cv2.absdiff(picture, np.full_like(picture, paper_of(picture))), dtype=np.uint8)
    rows, columns = bounding_box(ink)
    return float(max(rows.stop - rows.start, columns.stop - columns.start)) / BOX


def _noise(picture: GreyImage, amount: float, rng: Generator) -> GreyImage:
    return _grey(picture + rng.normal(0, 255 * amount, picture.shape))


def _blur(picture: GreyImage, amount: float, _: Generator) -> GreyImage:
    sigma = amount * _box_px(picture)
    framed = Image.fromarray(_framed(picture, round(3 * sigma)))
    return np.asarray(framed.filter(ImageFilter.GaussianBlur(sigma)))


def _shift(picture: GreyImage, amount: float, rng: Generator) -> GreyImage:
    """Moved towards a random side or corner; what leaves the picture is cut off."""
    angle = int(rng.integers(8)) * np.pi / 4
    step = amount * max(picture.shape) * np.array((np.cos(angle), np.sin(angle)))
    matrix = np.array(((1, 0, step[0]), (0, 1, step[1])))
    height, width = picture.shape
    moved = cv2.warpAffine(picture, matrix, (width, height), borderValue=paper_of(picture))
    return np.asarray(moved, dtype=np.uint8)


def _rotation(picture: GreyImage, amount: float, rng: Generator) -> GreyImage:
    """Turned to a random side, on paper that grows so that nothing is cut off."""
    angle = amount if rng.random() < 0.5 else -amount
    turned = Image.fromarray(picture).rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=paper_of(picture))
    return np.asarray(turned)


def _thickness(sign: int, picture: GreyImage, amount: float, _: Generator) -> GreyImage:
    """Strokes wider or narrower by `amount` of the box's pixels, grown or shrunk at a scale that can show it."""
    scale = max(1.0, MORPHOLOGY_SIDE / (BOX * _box_px(picture)))
    by_px = amount * scale * _box_px(picture)
    fine = cv2.resize(_framed(picture, round(by_px / scale) + 1), None, fx=scale, fy=scale)
    diameter = round(by_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
    grows_light = (sign > 0) == (paper_of(picture) < 128)
    return np.asarray((cv2.dilate if grows_light else cv2.erode)(fine, kernel), dtype=np.uint8)


def _contrast(picture: GreyImage, amount: float, _: Generator) -> GreyImage:
    """Ink faded towards the paper until `1 - amount` of the difference is left."""
    paper = paper_of(picture)
    return _grey(paper + (picture.astype(np.float64) - paper) * (1 - amount))


def _framed(picture: GreyImage, margin: int) -> GreyImage:
    """With so much more paper around that wider ink is not cut off."""
    paper = paper_of(picture)
    return np.asarray(
        cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=paper), dtype=np.uint8
    )


def _grey(values: NDArray[np.float64]) -> GreyImage:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


CORRUPTIONS: dict[str, Corruption] = {
    "noise": Corruption("standard deviation, share of white", (0.05, 0.1, 0.2, 0.3, 0.4), _noise),
    "blur": Corruption("standard deviation, box px", (0.5, 1.0, 1.5, 2.0, 2.5), _blur),
    "shift": Corruption("share of the picture's side", (0.05, 0.1, 0.15, 0.2, 0.25), _shift),
    "rotation": Corruption("degrees", (10, 20, 30, 40, 50), _rotation),
    "thicker": Corruption("added to the stroke, box px", (0.5, 1.0, 1.5, 2.0, 3.0), partial(_thickness, 1)),
    "thinner": Corruption("taken from the stroke, box px", (0.25, 0.5, 0.75, 1.0, 1.5), partial(_thickness, -1)),
    "contrast": Corruption("share of the contrast taken away", (0.5, 0.8, 0.9, 0.95, 0.97), _contrast),
}
