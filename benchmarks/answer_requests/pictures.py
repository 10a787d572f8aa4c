"""Pictures to ask a server about: how each kind is drawn. All random numbers come from the generator passed in."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from PIL import Image

from model.data.digits import PEN_FILE, load_mnist, load_pen
from model.data.letters import draw_letter
from model.data.nondigits import bare_paper, draw_other, noise
from model.data.rendering import RENDERERS, Renderer, on_canvas, vary_strokes
from model.data.unseen_nondigits import draw_unseen_nondigit
from model.preprocessing.images import GreyImage

Draw = Callable[[Generator], Image.Image]
T = TypeVar("T")

MNIST_KINDS = ("MNIST digits", "MNIST resized, cropped")
PEN_KINDS = ("pen on canvas", "pen on paper")
PAPERS = [renderer for renderer in RENDERERS.values() if renderer is not on_canvas]


def pick(rng: Generator, options: Sequence[T]) -> T:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def drawers(folder: Path) -> dict[str, Draw]:
    """How to draw each kind of picture that the data in `folder` allows.

    Raises:
        DataError: the data is there, but incomplete or corrupt.
    """
    found: dict[str, Draw] = {"letters": draw_letter, "figures, scribbles": _figure, "noise": _noise}
    if (folder / "MNIST" / "raw").is_dir():
        digits = list(load_mnist(folder, train=True, download=False).images.numpy())
        plain, resized = MNIST_KINDS
        found |= {plain: lambda rng: Image.fromarray(pick(rng, digits)), resized: lambda rng: _resized(digits, rng)}
    if (folder / "pendigits" / PEN_FILE).exists():
        strokes = [digit.strokes for digit in load_pen(folder, download=False)]

        def pen(renderers: Sequence[Renderer]) -> Draw:
            return lambda rng: pick(rng, renderers)(vary_strokes(pick(rng, strokes), rng), rng)

        canvas, paper = PEN_KINDS
        found |= {canvas: pen([on_canvas]), paper: pen(PAPERS)}
    return found


def _figure(rng: Generator) -> Image.Image:
    return pick(rng, (draw_other, draw_unseen_nondigit))(rng)


def _noise(rng: Generator) -> Image.Image:
    return pick(rng, (noise, bare_paper, _coloured_noise))(rng)


def _coloured_noise(rng: Generator) -> Image.Image:
    height, width = rng.integers(1, 200, 2)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def _resized(digits: Sequence[GreyImage], rng: Generator) -> Image.Image:
    """A digit at another size, cut off or set on more paper, every other one dark on light."""
    side = round(math.exp(rng.uniform(math.log(8), math.log(500))))
    digit = Image.fromarray(pick(rng, digits)).resize((side, side), pick(rng, list(Image.Resampling)))
    left, top, right, bottom = np.rint(side * rng.uniform(-0.25, 0.2, 4)).astype(int).tolist()
    cropped = digit.crop((left, top, max(side - right, left + 1), max(side - bottom, top + 1)))
    return cropped if rng.random() < 0.5 else cropped.point(lambda value: 255 - value)
