"""Augmentation: seeded, within bounds, and different for each picture of a batch."""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from model.preprocessing.digit import digit_image
from model.training.augmentation import Augmentation, augment
from tests.drawing import DIGITS, draw_digit

STILL = Augmentation(
    rotation_degrees=0,
    translation_px=0,
    scale=0,
    shear=0,
    elastic_px=0,
    stroke_probability=0,
    blur_probability=0,
    erase_probability=0,
)


@pytest.fixture(scope="module")
def images() -> Tensor:
    digits = np.stack([digit_image(draw_digit(digit)) for digit in DIGITS])
    return torch.from_numpy(digits).unsqueeze(1).float() / 255


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_the_same_seed_gives_the_same_pictures(images: Tensor) -> None:
    first, again, other = (augment(images, Augmentation(), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_variation_leaves_the_pictures_as_they_are(images: Tensor) -> None:
    torch.testing.assert_close(augment(images, STILL, seeded()), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "how",
    [
        {"rotation_degrees": 30.0},
        {"translation_px": 3.0},
        {"scale": 0.2},
        {"shear": 0.3},
        {"elastic_px": 1.5},
        {"stroke_probability": 1.0},
        {"erase_probability": 1.0},
    ],
    ids=lambda how: next(iter(how)),
)
def test_each_variation_changes_each_copy_in_its_own_way(images: Tensor, how: dict[str, float]) -> None:
    copies = images[8:9].expand(64, -1, -1, -1).contiguous()
    changed = augment(copies, Augmentation(**{**vars(STILL), **how}), seeded())
    assert changed.shape == copies.shape
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-5
    distinct = {tuple(picture.flatten().tolist()) for picture in changed}
    assert len(distinct) > 16
    assert not torch.allclose(changed, copies)


def test_translation_goes_as_far_as_it_says(images: Tensor) -> None:
    dot = torch.zeros(500, 1, 28, 28)
    dot[:, :, 13:15, 13:15] = 1
    moved = augment(dot, Augmentation(**{**vars(STILL), "translation_px": 3.0}), seeded())
    columns = (moved.sum(dim=(1, 2)) * torch.arange(28)).sum(dim=1) / 4 - 13.5
    assert columns.abs().max() == pytest.approx(3.0, abs=0.1)
    assert columns.mean().abs() < 0.3


def test_weakened_it_varies_less(images: Tensor) -> None:
    assert Augmentation().weakened(1.0) == Augmentation()
    many = images.repeat(20, 1, 1, 1)
    changes = [
        (augment(many, Augmentation().weakened(strength), seeded()) - many).abs().mean() for strength in (0, 0.4, 1)
    ]
    assert changes[0] < 1e-6
    assert 0 < changes[1] < 0.7 * changes[2]
