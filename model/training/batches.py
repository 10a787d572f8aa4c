"""From pictures in bytes to logits in bounded batches, for validation, calibration and measurements."""

from collections.abc import Callable

import torch
from torch import Tensor

from model.preprocessing.digit import MEAN, STD

EVALUATION_BATCH = 1_000


def network_logits(network: Callable[[Tensor], Tensor], images: Tensor, device: torch.device | None = None) -> Tensor:
    """Logits float32 (N, C), on the CPU, of uint8 (N, 28, 28) pictures that lie as MNIST's do, in bounded batches."""
    with torch.inference_mode():
        parts = [network(standardise(to_ink(batch.to(device)))).cpu() for batch in images.split(EVALUATION_BATCH)]
    return torch.cat(parts)


def to_ink(images: Tensor) -> Tensor:
    """uint8 (N, 28, 28) in [0, 255] to float32 (N, 1, 28, 28) in [0, 1]."""
    return images.unsqueeze(1).float() / 255


def standardise(ink: Tensor) -> Tensor:
    """The tensor form of `model.preprocessing.digit.normalise`, for ink already in [0, 1]."""
    return (ink - MEAN) / STD
