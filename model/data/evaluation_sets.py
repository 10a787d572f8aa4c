"""The sets that a network is chosen, calibrated and measured on, each by its name; all as the network sees them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

from model.data.digits import NOT_A_DIGIT, Digits, as_seen, load_mnist, load_pen, seen_or_black, split
from model.data.drawn_sets import (
    handwritten,
    letters,
    other_nondigits,
    split_writers,
    unseen_nondigits,
    validation_pen_digits,
)
from model.data.handwriting_fonts import FONT_PACKAGES, digit_items, installed_fonts, letter_items
from model.data.parallel import OnProgress, silent

NONDIGIT_SEED = 20_240_503
FONT_SEED = 20_240_504
NONDIGITS = 2_000  # pictures in each set of them


def validation_sets(folder: Path, progress: OnProgress = silent, *, with_pen: bool = True) -> dict[str, Digits]:
    """Digits that no network learned from, to choose and calibrate by: MNIST's, and those of the validation writers."""
    _, mnist = split(load_mnist(folder, train=True))
    sets = {"MNIST validation": as_seen(mnist)}
    if not with_pen:
        return sets
    _, writers = split_writers(load_pen(folder))
    pen = validation_pen_digits(writers, progress)
    return sets | {f"pen strokes, {name}": digits for name, digits in pen.items()}


def mnist_test(folder: Path) -> Digits:
    """MNIST's 10,000 test digits."""
    return as_seen(load_mnist(folder, train=False))


def optical_scans() -> tuple[list[Image.Image], list[int]]:
    """UCI's optical digits as scikit-learn brings them (Alpaydin and Kaynak, 1998; CC BY 4.0): 8x8 px, and labels."""
    bunch = load_digits()
    greys = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    return [Image.fromarray(grey) for grey in greys], bunch.target.tolist()


def test_sets(folder: Path, progress: OnProgress = silent) -> dict[str, Digits]:
    """Digits that no choice of the release asks: MNIST's test set, and digits of other origins, never trained on."""
    return {"MNIST test": mnist_test(folder)} | sets_of_other_origins(progress)


def sets_of_other_origins(progress: OnProgress = silent) -> dict[str, Digits]:
    """Digits of origins that nothing is trained on; no choice of the release asks them, the learner's gate does.

    The handwriting fonts are left out where none is installed; `what_is_missing` says so.
    """
    scans, labels = optical_scans()
    optical = Digits(torch.from_numpy(np.stack([seen_or_black(scan) for scan in scans])), torch.tensor(labels))
    sets = {"optical digits, 8x8": optical}
    if fonts := installed_fonts():
        items = digit_items(fonts)
        sets["handwriting fonts"] = handwritten(items, [int(text) for _, text in items], FONT_SEED, progress)
    return sets


def nondigit_sets(progress: OnProgress = silent, *, with_letters: bool = True) -> dict[str, Digits]:
    """Pictures of no digit: of a seed that is not trained on, and figures and letters of fonts that are not."""
    draws = {"letters": letters} if with_letters else {}
    draws |= {
        "scribbles, shapes, grids, noise": other_nondigits,
        "figures of other kinds": unseen_nondigits,
    }
    sets = {name: draw(NONDIGITS, NONDIGIT_SEED, progress) for name, draw in draws.items()}
    if with_letters and (fonts := installed_fonts()):
        items = letter_items(fonts, NONDIGITS)
        sets["letters of handwriting fonts"] = handwritten(items, [NOT_A_DIGIT] * len(items), FONT_SEED, progress)
    return sets


def what_is_missing() -> list[str]:
    """Which sets this machine cannot draw, and how to fix that; one line each."""
    return [] if installed_fonts() else [f"left out: handwriting fonts; on Debian: apt-get install {FONT_PACKAGES}"]
