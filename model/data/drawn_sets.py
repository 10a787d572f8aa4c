"""Draws what a network is trained and validated on, beside MNIST: pen strokes, small scans, and pictures of no digit.

Every picture goes through the one preprocessing. Its random numbers come from the seed and its own number, so the same
seed draws the same pictures, on any number of processes.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from PIL import Image

from model.data.digits import NOT_A_DIGIT, Digits, seen_or_black
from model.data.handwriting_fonts import Item, write
from model.data.letters import draw_letter
from model.data.nondigits import draw_nondigit, draw_other
from model.data.parallel import OnProgress, map_chunks, silent
from model.data.pen_strokes import PenDigit, smooth
from model.data.rendering import RENDERERS, shrunk_scan, vary_strokes
from model.data.unseen_nondigits import draw_unseen_nondigit
from model.preprocessing.images import GreyImage

VALIDATION_EVERY = 5  # every fifth pen writer is kept for validation
RENDERER_SHARES = {"canvas": 0.5, "photographed": 0.2, "small scan": 0.3}  # of the pictures to learn from
VALIDATION_SEED = 20_240_502
CHUNK = 200  # pictures drawn by a process at a time

Draw = Callable[[Any, Generator], Image.Image]


def split_writers(digits: Sequence[PenDigit]) -> tuple[list[PenDigit], list[PenDigit]]:
    """Part pen digits into those of the writers to learn from and those of the writers to validate on."""
    writers = sorted({digit.writer for digit in digits})
    validation = set(writers[::VALIDATION_EVERY])
    return [d for d in digits if d.writer not in validation], [d for d in digits if d.writer in validation]


def varied_pen_digits(digits: Sequence[PenDigit], variants: int, seed: int, progress: OnProgress = silent) -> Digits:
    """Each digit `variants` times, each time written, drawn, photographed or scanned differently."""
    items = [digit for digit in digits for _ in range(variants)]
    return draw_all(_draw_varied, items, [digit.label for digit in items], seed, progress)


def pen_digits(digits: Sequence[PenDigit], renderer: str, seed: int, progress: OnProgress = silent) -> Digits:
    """Each digit once, as written, by one of `model.data.rendering.RENDERERS`."""
    return draw_all(partial(draw_as_written, renderer), digits, [digit.label for digit in digits], seed, progress)


def validation_pen_digits(digits: Sequence[PenDigit], progress: OnProgress = silent) -> dict[str, Digits]:
    """The validation writers' digits by each renderer, always the same pictures."""
    return {name: pen_digits(digits, name, VALIDATION_SEED, progress) for name in RENDERERS}


def small_scans(digits: Digits, seed: int, progress: OnProgress = silent) -> Digits:
    """MNIST's digits as other scanners would give them: 12 to 24 px, tight, grey or bilevel, sometimes stretched."""
    return draw_all(shrunk_scan, digits.images.numpy(), digits.labels.tolist(), seed, progress)


def nondigits(count: int, seed: int, progress: OnProgress = silent) -> Digits:
    """Pictures of no digit, labelled `NOT_A_DIGIT`; a few fewer than `count`, for some come out blank."""
    return _draw_nondigits(draw_nondigit, count, seed, progress)


def letters(count: int, seed: int, progress: OnProgress = silent) -> Digits:
    """Letters, symbols and numbers alone."""
    return _draw_nondigits(draw_letter, count, seed, progress)


def handwritten(items: Sequence[Item], labels: Sequence[int], seed: int, progress: OnProgress = silent) -> Digits:
    """Texts of handwriting fonts, each by `model.data.handwriting_fonts.write`."""
    return draw_all(write, items, labels, seed, progress)


def other_nondigits(count: int, seed: int, progress: OnProgress = silent) -> Digits:
    """All the others alone."""
    return _draw_nondigits(draw_other, count, seed, progress)


def unseen_nondigits(count: int, seed: int, progress: OnProgress = silent) -> Digits:
    """Drawings of kinds that are never learned from."""
    return _draw_nondigits(draw_unseen_nondigit, count, seed, progress)


def joined(parts: Sequence[Digits]) -> Digits:
    """Several sets as one."""
    return Digits(torch.cat([part.images for part in parts]), torch.cat([part.labels for part in parts]))


def _draw_varied(digit: PenDigit, rng: Generator) -> Image.Image:
    strokes = vary_strokes(digit.strokes, rng)
    rounds = int(rng.integers(0, 4))
    name = rng.choice(list(RENDERER_SHARES), p=list(RENDERER_SHARES.values()))
    return RENDERERS[str(name)](tuple(smooth(points, rounds) for points in strokes), rng)


def draw_as_written(renderer: str, digit: PenDigit, rng: Generator) -> Image.Image:
    """One pen digit, smoothed and otherwise as written, by one of `model.data.rendering.RENDERERS`."""
    return RENDERERS[renderer](tuple(smooth(points) for points in digit.strokes), rng)


def _draw_nondigits(draw: Callable[[Generator], Image.Image], count: int, seed: int, progress: OnProgress) -> Digits:
    drawn = draw_all(partial(_ignoring_item, draw), range(count), [NOT_A_DIGIT] * count, seed, progress)
    return drawn[drawn.images.amax(dim=(1, 2)) > 0]


def _ignoring_item(draw: Callable[[Generator], Image.Image], _: int, rng: Generator) -> Image.Image:
    return draw(rng)


def draw_all(
    draw: Draw, items: Sequence[Any] | NDArray[Any], labels: Sequence[int], seed: int, progress: OnProgress
) -> Digits:
    """Draw every item on all cores; what is taken for bare paper comes out black."""
    seen = map_chunks(partial(_draw_chunk, draw, seed), items, CHUNK, progress)
    return Digits(torch.from_numpy(np.stack(seen)), torch.tensor(labels))


def _draw_chunk(draw: Draw, seed: int, start: int, items: Sequence[Any] | NDArray[Any]) -> list[GreyImage]:
    return [seen_or_black(draw(item, default_rng((seed, start + i)))) for i, item in enumerate(items)]
