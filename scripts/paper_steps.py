"""Draws how the ink is found in a few pictures, step by step, as `docs/paper.md` shows it."""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from model.artifacts import write_atomically
from model.data.papers.validation import PaperItem, drawer, validation_digits
from model.errors import NoInk
from model.evaluation.paper_page import ink_in_place
from model.locations import ROOT
from model.preprocessing.digit import digit_image
from model.preprocessing.images import GreyImage
from model.preprocessing.levels import ink_by_levels
from model.preprocessing.polarity import has_dark_ink
from model.preprocessing.segmentation import released_segmenter
from scripts.cli import add_data_option, run

SIDE, GAP = 160, 8  # px of a step, and between steps
SHOWN = (("", 3), ("squared", 9), ("sheet edge", 12), ("corner shadow", 21), ("caption", 26))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "paper-steps.png", help="the picture to write")
    options = parser.parse_args()
    digits = validation_digits(options.data)
    draw = drawer(digits)
    rows = [
        np.hstack(
            [_padded(step) for step in _steps(draw(PaperItem(kind, "frames", *digits[i], i), np.random.default_rng()))]
        )
        for kind, i in SHOWN
    ]
    sheet = Image.fromarray(np.vstack(rows))
    write_atomically(options.output, lambda temporary: sheet.save(temporary, "PNG", optimize=True))
    print(options.output)
    return 0


def _steps(picture: Image.Image) -> list[GreyImage]:
    """The picture, its ink by levels, the network's first look, what was taken, and what the recogniser sees."""
    grey = np.asarray(picture)
    try:
        levels = ink_by_levels(grey, has_dark_ink(grey))
    except NoInk:
        levels = np.zeros_like(grey)
    return [
        grey,
        *(255 - ink for ink in (levels, released_segmenter().ink(grey), ink_in_place(picture), digit_image(picture))),
    ]


def _padded(step: GreyImage) -> GreyImage:
    how = cv2.INTER_AREA if max(step.shape) > SIDE else cv2.INTER_NEAREST
    return np.pad(
        np.asarray(cv2.resize(step, (SIDE, SIDE), interpolation=how), np.uint8), GAP // 2, constant_values=128
    )


if __name__ == "__main__":
    run(main)
