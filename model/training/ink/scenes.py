"""The stream of scenes that the ink network learns from: batch after batch, never the same picture twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.random import default_rng
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from model.data.papers.scenes import training_scene
from model.data.papers.subjects import Handwriting
from model.preprocessing.images import GreyImage
from model.preprocessing.views import MASK_SIDE, View, planes

PREFETCHED = 8  # batches that the loader draws ahead
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Scenes(IterableDataset[Batch]):
    """Batches of planes, float32 (N, 4, 96, 96), and exact ink, float32 (N, 1, 96, 96) in [0, 1].

    The random numbers of a scene come from the seed and its own number, so a resumed training sees what one without a
    stop would have seen.

    Attributes:
        hand: what is written on the papers.
        seed: same seed, same scenes.
        batch_size: scenes in a batch.
        first, last: numbers of the batches, half-open.
    """

    hand: Handwriting
    seed: int
    batch_size: int
    first: int
    last: int

    def __iter__(self) -> Iterator[Batch]:
        for number in range(self.first, self.last):
            start = number * self.batch_size
            scenes = [self._scene(start + i) for i in range(self.batch_size)]
            seen = torch.from_numpy(np.stack([planes(view) for view, _ in scenes]))
            yield seen, torch.from_numpy(np.stack([ink for _, ink in scenes]))

    def _scene(self, number: int) -> tuple[GreyImage, Any]:
        picture, ink = training_scene(self.hand, default_rng((self.seed, number)))
        return View.of(picture).square, exact_ink(ink)


def exact_ink(ink: GreyImage) -> Any:
    """The network's target for a picture's ink, uint8 (H, W): float32 (1, 96, 96) in [0, 1].

    Thin strokes of a small digit cover no pixel whole, so the strongest counts as full ink.
    """
    square = View.of(ink).square  # ink at the edge goes on beyond it, as it does in the network's planes
    target = cv2.resize(square, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    most = float(target.max())
    return (np.minimum(target / max(most, 0.2), 1) if most > 0 else target)[np.newaxis]


def batches(scenes: Scenes) -> Iterator[Batch]:
    """The batches, drawn ahead by one other process."""
    loader = DataLoader(
        scenes,
        batch_size=None,
        num_workers=1,
        prefetch_factor=PREFETCHED,
        multiprocessing_context="forkserver",
        worker_init_fn=_on_one_thread,
    )
    return iter(loader)


def _on_one_thread(_: int) -> None:
    torch.set_num_threads(1)
