"""What people corrected, as pictures to learn from: seen as the network sees them, and written again from strokes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from learner.accepted import LABELS
from model.data.corrections import NO_DIGIT, Stroke
from model.data.digits import NOT_A_DIGIT, Digits
from model.data.pen_strokes import draw_strokes, fit_to_box
from model.data.rendering import CANVAS_SIDE, vary_strokes
from model.errors import DataError, NoInk
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import digit_image, digit_of
from model.preprocessing.images import GreyImage

MAX_EXAMPLES = 200
REWRITINGS = 4  # pictures drawn from the strokes of one correction
INK_SPAN = 0.7  # of the canvas's side; the preprocessing scales the ink anyway
PEN_VARIATION = 0.25  # natural logarithm by which a pen may be thicker or thinner
HELD_BACK_EVERY = 5  # about one correction in so many is held back
LEAST_TO_HOLD_BACK = 10  # of fewer corrections each is needed


@dataclass(frozen=True)
class Example:
    """A correction.

    Attributes:
        id: of the correction.
        picture: a file of one of `model.preprocessing.decoding.FORMATS`.
        label: a digit, or `none` where the picture shows no digit.
        strokes: of a drawing; none for pictures.
        by: name of the key that it came with.
    """

    id: str
    picture: bytes
    label: str
    strokes: tuple[Stroke, ...] = ()
    by: str = ""


@dataclass(frozen=True)
class Examples:
    """Corrections as the network sees them, each different picture once.

    Attributes:
        digits: one picture of each.
        sources: the corrections, in the same order.
    """

    digits: Digits
    sources: tuple[Example, ...]

    def __len__(self) -> int:
        return len(self.sources)

    def some(self, chosen: Sequence[int]) -> Examples:
        """Those of these numbers."""
        index = torch.tensor(list(chosen), dtype=torch.int64)
        return Examples(self.digits[index], tuple(self.sources[i] for i in chosen))


def see(corrections: Sequence[Example], on_seen: Callable[[int], object] = lambda count: None) -> Examples:
    """Decode corrections and bring them through the one preprocessing.

    A picture without ink never reaches the network, so there is nothing to learn from it. Of corrections that the
    network sees alike the last counts, so one that is sent many times weighs no more.

    Args:
        corrections: at most `MAX_EXAMPLES`.
        on_seen: called after each with the number of those that were looked at.

    Raises:
        DataError: there are none or too many, a label is none of those accepted, or nothing can be learned from them.
        InvalidImage: a picture cannot be decoded.
    """
    if not 0 < len(corrections) <= MAX_EXAMPLES:
        raise DataError(f"{len(corrections):,} corrections are given; one teaching takes 1 to {MAX_EXAMPLES}")
    images: dict[bytes, tuple[GreyImage, Example]] = {}
    for count, example in enumerate(corrections, start=1):
        if example.label not in LABELS:
            raise DataError(f"correction {example.id} has label {example.label!r}; accepted are 0 to 9 and {NO_DIGIT}")
        try:
            image = digit_image(decode_picture(example.picture))
        except NoInk:
            continue
        images[image.tobytes()] = (image, example)
        on_seen(count)
    if not images:
        raise DataError("no correction shows any ink, so there is nothing to learn from")
    seen = np.stack([image for image, _ in images.values()])
    sources = tuple(example for _, example in images.values())
    labels = torch.tensor([_index(example.label) for example in sources])
    return Examples(Digits(torch.from_numpy(seen), labels), sources)


def hold_back(examples: Examples) -> tuple[Examples, Examples]:
    """Part examples into those to learn from and those to judge by, by their content: the same ones on every call.

    Of fewer than `LEAST_TO_HOLD_BACK` none is held back.
    """
    if len(examples) < LEAST_TO_HOLD_BACK:
        return examples, examples.some([])
    digests = [hashlib.sha256(image.numpy().tobytes()).digest() for image in examples.digits.images]
    ranked = sorted(range(len(examples)), key=digests.__getitem__)
    held = set(ranked[: len(examples) // HELD_BACK_EVERY])
    return examples.some([i for i in range(len(examples)) if i not in held]), examples.some(sorted(held))


def rewritten(examples: Examples, seed: int) -> tuple[Digits, Tensor]:
    """Each example as it is and, where it has strokes, `REWRITINGS` times written again a little differently.

    Returns:
        The pictures, and of which example each is, int64 (N,).
    """
    images: list[GreyImage] = []
    owners: list[int] = []
    for number, example in enumerate(examples.sources):
        rng = default_rng((seed, number))
        drawn = [_write_again(example.strokes, rng) for _ in range(REWRITINGS)] if _is_rewritable(example) else []
        images += [examples.digits.images[number].numpy(), *drawn]
        owners += [number] * (1 + len(drawn))
    of = torch.tensor(owners)
    return Digits(torch.from_numpy(np.stack(images)), examples.digits.labels[of]), of


def weights(examples: Examples, most_of_one_key: float) -> Tensor:
    """How much each example weighs among them all, float32 (N,), in sum at most 1.

    Args:
        examples: weigh alike where no key is held to less.
        most_of_one_key: what the corrections that came with one key weigh together, at most; what they lose, no other
            gains.
    """
    keys = [example.by for example in examples.sources]
    counts = {key: keys.count(key) for key in keys}
    shares = {key: min(count / len(keys), most_of_one_key) for key, count in counts.items()}
    return torch.tensor([shares[key] / counts[key] for key in keys])


def _index(label: str) -> int:
    return NOT_A_DIGIT if label == NO_DIGIT else int(label)


def _is_rewritable(example: Example) -> bool:
    """An eraser's strokes would take away other ink once everything is bent; a scribble's variant may be a digit."""
    points = sum(len(stroke.points) for stroke in example.strokes)
    return points > 1 and not any(stroke.erases for stroke in example.strokes) and example.label != NO_DIGIT


def _write_again(strokes: Sequence[Stroke], rng: Generator) -> GreyImage:
    """What the network sees of a variant of a drawing."""
    drawn = [stroke for stroke in strokes if len(stroke.points)]
    every = np.concatenate([stroke.points for stroke in drawn]).astype(np.float64)
    extent = max(float(np.ptp(every, axis=0).max()), 1e-3)
    span = INK_SPAN * CANVAS_SIDE
    margin = (CANVAS_SIDE - span) / 2
    varied = vary_strokes(tuple(stroke.points.astype(np.float64) for stroke in drawn), rng)
    pen = np.exp(rng.uniform(-PEN_VARIATION, PEN_VARIATION))
    width = float(np.median([stroke.width for stroke in drawn])) / extent * span * pen
    points = fit_to_box(varied, margin, margin, span)
    return digit_of(draw_strokes(points, (CANVAS_SIDE, CANVAS_SIDE), float(np.clip(width, 4, CANVAS_SIDE / 5))))
