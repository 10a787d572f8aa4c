"""Measures how well a recogniser reads corrupted pictures: its accuracy along the severities of each corruption."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import default_rng
from PIL import Image
from torch import Tensor

from model.data.digits import load_mnist, load_pen, split
from model.data.drawn_sets import VALIDATION_SEED, draw_as_written, split_writers
from model.data.parallel import OnProgress, silent
from model.data.pen_strokes import PenDigit
from model.evaluation.corruptions import CORRUPTIONS, SEED, corrupted
from model.evaluation.metrics import probabilities_of, refused_share
from model.preprocessing.images import GreyImage
from model.recogniser import Recogniser


@dataclass(frozen=True)
class Pictures:
    """Pictures as they are sent, before any preprocessing.

    Attributes:
        pictures: grey, uint8 (H, W) each.
        labels: int64 (N,).
    """

    pictures: Sequence[GreyImage]
    labels: Tensor


def sent_pictures(folder: Path, most: int, *, with_pen: bool) -> dict[str, Pictures]:
    """Up to `most` validation digits as they are sent: MNIST's, and pen strokes on a canvas; always the same ones."""
    _, mnist = split(load_mnist(folder, train=True))
    chosen = sample(len(mnist), most)
    sets = {"MNIST validation": Pictures(list(mnist.images[chosen].numpy()), mnist.labels[chosen])}
    if with_pen:
        _, digits = split_writers(load_pen(folder))
        chosen = sample(len(digits), most)
        pictures = [np.asarray(flat(pen_picture(digits[i], i, "canvas"))) for i in chosen.tolist()]
        sets["pen strokes, canvas"] = Pictures(pictures, torch.tensor([digits[i].label for i in chosen.tolist()]))
    return sets


def sample(n: int, most: int) -> Tensor:
    """Numbers of at most `most` out of `n` pictures, int64, in order; always the same ones."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(SEED))[:most].sort().values


def pen_picture(digit: PenDigit, number: int, renderer: str) -> Image.Image:
    """The picture that `model.data.drawn_sets.validation_pen_digits` draws of this pen digit."""
    return draw_as_written(renderer, digit, default_rng((VALIDATION_SEED, number)))


def flat(picture: Image.Image) -> Image.Image:
    """A picture in grey, transparency flattened onto white paper."""
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("L")


def robustness(recogniser: Recogniser, sets: Mapping[str, Pictures], progress: OnProgress = silent) -> dict[str, Any]:
    """Accuracy and refusals under every corruption at every severity, fit for JSON.

    A picture without any ink left counts as refused and not read.
    """
    return {
        "seed": SEED,
        "corruptions": {name: {"unit": one.unit, "amounts": [0, *one.amounts]} for name, one in CORRUPTIONS.items()},
        "sets": {
            name: {"n": len(one.labels)}
            | {
                corruption: [_read(recogniser, seen, one.labels) for seen in severities]
                for corruption, severities in corrupted(one.pictures, progress).items()
            }
            for name, one in sets.items()
        },
    }


def _read(recogniser: Recogniser, seen: Sequence[GreyImage | None], labels: Tensor) -> dict[str, float]:
    kept = [i for i, image in enumerate(seen) if image is not None]
    if not kept:
        return {"accuracy": 0.0, "refused": 1.0, "blank": 1.0}
    images = torch.from_numpy(np.stack([image for image in seen if image is not None]))
    probabilities = probabilities_of(recogniser, images)
    n, blank = len(seen), 1 - len(kept) / len(seen)
    return {
        "accuracy": int((probabilities.argmax(dim=1) == labels[kept]).sum()) / n,
        "refused": refused_share(probabilities, recogniser.threshold) * len(kept) / n + blank,
        "blank": blank,
    }
