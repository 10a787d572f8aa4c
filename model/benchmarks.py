"""The sets that a network is chosen, calibrated and measured on, each by its name; all as the network sees them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits

from model.datasets import Digits, as_seen, load_mnist, load_pen, split
from model.preprocessing import digit_image
from model.sources import Progress, letters, other_nondigits, silent, split_writers, validation_pen_digits

NONDIGIT_SEED = 20_240_503
NONDIGITS = 2_000  # pictures in each set of them


def validation_sets(folder: Path, progress: Progress = silent, *, with_pen: bool = True) -> dict[str, Digits]:
    """Digits that no network learned from, to choose and calibrate by: MNIST's, and those of the validation writers."""
    _, mnist = split(load_mnist(folder, train=True))
    sets = {"MNIST validation": as_seen(mnist)}
    if not with_pen:
        return sets
    _, writers = split_writers(load_pen(folder))
    pen = validation_pen_digits(writers, progress)
    return sets | {f"pen strokes, {name}": digits for name, digits in pen.items()}


def test_sets(folder: Path) -> dict[str, Digits]:
    """Digits that nothing is chosen by: MNIST's test set, and another scanner's 8x8 scans, never trained on.

    The scans are UCI's optical digits as scikit-learn brings them (Alpaydin and Kaynak, 1998; CC BY 4.0).
    """
    bunch = load_digits()
    scans = [digit_image(Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))) for image in bunch.images]
    optical = Digits(torch.from_numpy(np.stack(scans)), torch.from_numpy(bunch.target))
    return {"MNIST test": as_seen(load_mnist(folder, train=False)), "optical digits, 8x8": optical}


def nondigit_sets(progress: Progress = silent) -> dict[str, Digits]:
    """Pictures of no digit, of a seed that is not trained on."""
    sets = {"letters": letters, "scribbles, shapes, grids, noise": other_nondigits}
    return {name: draw(NONDIGITS, NONDIGIT_SEED, progress) for name, draw in sets.items()}
