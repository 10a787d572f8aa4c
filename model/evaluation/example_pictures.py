"""Pictures for a reader of the report: what is sent beside what the network sees, what it is shown while it learns."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from numpy.random import Generator, default_rng
from PIL import Image

from model.data.digits import Digits, load_mnist, load_pen
from model.data.drawn_sets import split_writers
from model.data.evaluation_sets import NONDIGIT_SEED, optical_scans
from model.data.letters import draw_letter
from model.data.nondigits import draw_other
from model.data.rendering import RENDERERS
from model.data.unseen_nondigits import draw_unseen_nondigit
from model.errors import NoInk
from model.evaluation.corruptions import CORRUPTIONS, corrupt, rng_for_picture
from model.evaluation.robustness import flat, pen_picture
from model.preprocessing.digit import digit_image
from model.preprocessing.images import GreyImage
from model.training.augmentation import Augmentation, augment
from model.training.batches import to_ink

SHOWN = 10  # pictures shown of each set; of digits, one of each class
LARGEST_PX = 112  # longest side of a picture in the report; larger ones are scaled down
AUGMENTED = 8  # augmented variants shown of each digit
AUGMENTATION_SEED = 20_240_505


@dataclass(frozen=True)
class ExamplePicture:
    """One picture and its caption; `seen` is the network's view of it, uint8 (28, 28), `None` where that is blank."""

    caption: str
    sent: Image.Image
    seen: GreyImage | None

    @classmethod
    def of(cls, caption: str, sent: Image.Image) -> "ExamplePicture":
        try:
            return cls(caption, sent, digit_image(sent))
        except NoInk:
            return cls(caption, sent, None)


def data_url(picture: Image.Image | GreyImage, largest_px: int = LARGEST_PX) -> str:
    """A picture as a PNG in a `data:` URL, reduced to `largest_px`."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if max(image.size) > largest_px:
        image = image.copy()
        image.thumbnail((largest_px, largest_px))
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(buffer.getvalue()).decode("ascii")


def mnist_examples(folder: Path) -> dict[str, list[ExamplePicture]]:
    """The first test digit of each class."""
    test = load_mnist(folder, train=False)
    return {"MNIST test": _one_of_each(test.labels.tolist(), lambda i: Image.fromarray(test.images[i].numpy()))}


def other_examples(folder: Path, *, with_pen: bool) -> dict[str, list[ExamplePicture]]:
    """Pictures of the sets beside MNIST, those that are measured, as they are sent."""
    found: dict[str, list[ExamplePicture]] = {}
    if with_pen:
        _, digits = split_writers(load_pen(folder))
        for name in RENDERERS:
            labels = [digit.label for digit in digits]
            found[f"pen strokes, {name}"] = _one_of_each(labels, _pen_drawer(digits, name))
    scans, labels = optical_scans()
    found["optical digits, 8x8"] = _one_of_each(labels, scans.__getitem__)
    kinds: dict[str, Callable[[Generator], Image.Image]] = {
        "letters": draw_letter,
        "scribbles, shapes, grids, noise": draw_other,
        "figures of other kinds": draw_unseen_nondigit,
    }
    for name, draw in kinds.items():
        found[name] = [ExamplePicture.of("", draw(default_rng((NONDIGIT_SEED, i)))) for i in range(SHOWN)]
    return found


def _pen_drawer(digits: Sequence[Any], renderer: str) -> Callable[[int], Image.Image]:
    return lambda i: pen_picture(digits[i], i, renderer)


def _one_of_each(labels: Sequence[int], draw: Callable[[int], Image.Image]) -> list[ExamplePicture]:
    return [ExamplePicture.of(str(label), draw(labels.index(label))) for label in sorted(set(labels))]


def corrupted_examples(picture: GreyImage) -> dict[str, list[ExamplePicture]]:
    """One picture under each corruption, at every severity from 0."""
    return {
        name: [
            ExamplePicture.of(
                f"{amount:g}", flat(Image.fromarray(corrupt(picture, name, severity, rng_for_picture(0))))
            )
            for severity, amount in enumerate((0, *corruption.amounts))
        ]
        for name, corruption in CORRUPTIONS.items()
    }


def augmented(digits: Digits, config: Mapping[str, Any]) -> list[list[GreyImage]]:
    """One digit of each class of a set, then `AUGMENTED` variants of it as training shows them.

    Args:
        digits: as the network sees them.
        config: of a training; without an `augmentation` in it the default one is shown.
    """
    labels = digits.labels.tolist()
    images = digits.images[[labels.index(label) for label in sorted(set(labels))]]
    known = {field.name for field in fields(Augmentation)}
    values = {name: value for name, value in config.get("augmentation", {}).items() if name in known}
    rng = torch.Generator().manual_seed(AUGMENTATION_SEED)
    many = augment(to_ink(images.repeat_interleave(AUGMENTED, dim=0)), Augmentation(**values), rng)
    varied = (many.squeeze(1) * 255).round().byte().numpy().reshape(len(images), AUGMENTED, *images.shape[1:])
    return [[image.numpy(), *variants] for image, variants in zip(images, varied, strict=True)]
