"""Augmentation of digits as batched tensor operations, with parameters of its own for every picture."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


@dataclass(frozen=True)
class Augmentation:
    """How far pictures are varied; amounts are drawn uniformly up to these maxima unless said otherwise."""

    rotation_degrees: float = 10.0
    translation_px: float = 1.5
    scale: float = 0.12  # share by which width and height grow or shrink, independently
    shear: float = 0.15  # px sideways for each px up
    elastic_px: float = 1.0  # standard deviation of the smooth displacement
    stroke_probability: float = 0.3  # of thickening or thinning the strokes, half each
    blur_probability: float = 0.2  # of blurring by up to a 3x3 binomial window
    erase_probability: float = 0.1  # of blanking a rectangle
    erase_px: int = 6  # longest side of that rectangle

    def weakened(self, strength: float) -> "Augmentation":
        """The same variations, each only `strength` times as far or as often; an erased rectangle keeps its size."""
        values = {name: value * strength for name, value in asdict(self).items() if name != "erase_px"}
        return Augmentation(**values, erase_px=self.erase_px)


def augment(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Vary each picture of a batch on its own.

    Args:
        images: float32 (N, 1, H, W), 0 = paper, 1 = ink.
        augmentation: how far.
        generator: random source, on the device of `images`; the same state gives the same pictures.

    Returns:
        float32 (N, 1, H, W) in [0, 1].
    """
    images = _vary_strokes(images, augmentation, generator)
    images = _warp(images, augmentation, generator)
    images = _blur(images, augmentation, generator)
    return _erase(images, augmentation, generator)


def _uniform(like: Tensor, generator: Generator, *shape: int) -> Tensor:
    """Values in [-1, 1)."""
    return torch.rand(shape, generator=generator, device=like.device) * 2 - 1


def _warp(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Rotate, shear, scale, shift and bend in one resampling, so that strokes are blurred only once."""
    n, _, height, width = images.shape
    angle = _uniform(images, generator, n) * math.radians(augmentation.rotation_degrees)
    shear = _uniform(images, generator, n) * augmentation.shear
    scale_x, scale_y = 1 + _uniform(images, generator, 2, n) * augmentation.scale
    shift = _uniform(images, generator, n, 2) * augmentation.translation_px * 2 / width
    cos, sin = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        (
            torch.stack((cos / scale_x, (shear * cos - sin) / scale_x, shift[:, 0]), dim=1),
            torch.stack((sin / scale_y, (shear * sin + cos) / scale_y, shift[:, 1]), dim=1),
        ),
        dim=1,
    )  # (N, 2, 3)
    grid = F.affine_grid(matrix, [n, 1, height, width], align_corners=False)
    # Elastic distortion (Simard et al., 2003): noise on a coarse grid, made smooth by bicubic interpolation.
    coarse = torch.randn((n, 2, 5, 5), generator=generator, device=images.device)
    bend = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    grid = grid + bend.permute(0, 2, 3, 1) * (augmentation.elastic_px * 2 / width)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _vary_strokes(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Thicken some pictures and thin others by a 3x3 window."""
    uniform = torch.rand(len(images), generator=generator, device=images.device)
    half = augmentation.stroke_probability / 2
    images = _blended(images, uniform < half, _thicker, 1.0, generator)
    # A full erosion would break fine strokes, hence at most 0.6 of it.
    return _blended(images, uniform > 1 - half, lambda some: -_thicker(-some), 0.6, generator)


def _blur(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Blur some pictures by a 3x3 binomial window."""
    uniform = torch.rand(len(images), generator=generator, device=images.device)
    row = torch.tensor((0.25, 0.5, 0.25), device=images.device)
    window = torch.outer(row, row).view(1, 1, 3, 3)
    blurred = partial(F.conv2d, weight=window, padding=1)
    return _blended(images, uniform < augmentation.blur_probability, blurred, 1.0, generator)


def _thicker(images: Tensor) -> Tensor:
    return F.max_pool2d(images, 3, stride=1, padding=1)


def _blended(
    images: Tensor, chosen: Tensor, change: Callable[[Tensor], Tensor], most: float, generator: Generator
) -> Tensor:
    """Blend the chosen pictures, bool (N,), with their change, each to a random degree of at most `most`."""
    some = images[chosen]
    degree = torch.rand((len(some), 1, 1, 1), generator=generator, device=images.device) * most
    blended = images.clone()
    blended[chosen] = torch.lerp(some, change(some), degree)
    return blended


def _erase(images: Tensor, augmentation: Augmentation, generator: Generator) -> Tensor:
    """Blank a random rectangle of some pictures (random erasing, Zhong et al., 2020)."""
    n, _, height, width = images.shape
    uniform, y, x, rows, columns = torch.rand((5, n, 1, 1, 1), generator=generator, device=images.device)
    y_of = torch.arange(height, device=images.device).view(1, 1, height, 1)
    x_of = torch.arange(width, device=images.device).view(1, 1, 1, width)
    rows, columns = 1 + rows * (augmentation.erase_px - 1), 1 + columns * (augmentation.erase_px - 1)
    y, x = y * (height - rows), x * (width - columns)
    inside = (y_of >= y) & (y_of < y + rows) & (x_of >= x) & (x_of < x + columns)
    return images.masked_fill(inside & (uniform < augmentation.erase_probability), 0.0)
