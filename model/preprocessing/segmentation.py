"""The released ink network: tells the digit's ink from lines, frames, shadows, print and all else in a picture.

It is part of the preprocessing, as its code is: one file for training, evaluation and serving, packed with the modules.
`make ink` trains and exports it; `model/released/INK_CARD.md` says on what, and what it cannot do.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.artifacts import INK_FILE, INK_METADATA_FILE, read_json, sha256_of
from model.errors import ArtifactError
from model.locations import RELEASED
from model.preprocessing.images import GreyImage, as_uint8
from model.preprocessing.views import MASK_SIDE, PLANES, View, planes
from model.torchscript import load_network


class InkSegmenter:
    """The ink network with the views that it takes."""

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        self._network = network

    @classmethod
    def load_folder(cls, folder: Path) -> "InkSegmenter":
        """Load the network that the metadata beside it describes, and compile it.

        Raises:
            ArtifactError: a file is missing or broken, or they do not belong together.
        """
        path = folder / INK_FILE
        expected = read_json(folder / INK_METADATA_FILE)["torchscript"]["sha256"]
        if not path.exists() or sha256_of(path) != expected:
            raise ArtifactError(f"{path} is missing or is not the network that {INK_METADATA_FILE} describes")
        network = load_network(path)
        with torch.inference_mode():
            network(torch.zeros(1, PLANES, MASK_SIDE, MASK_SIDE))  # the first passes differ in the last bits
        return cls(network)

    def ink(self, grey: GreyImage) -> GreyImage:
        """The digit's ink in a grey picture of any size and polarity, uint8 (H, W), 0 = none, 255 = full.

        Its longer side is `MASK_SIDE` whatever the picture's; the aspect is the picture's.
        """
        view = View.of(grey)
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(planes(view.square)[np.newaxis]))
            ink = torch.sigmoid(logits[0, 0]).mul_(255).round_().to(torch.uint8).numpy()
        return as_uint8(ink[view.rows, view.columns])


@lru_cache(maxsize=1)
def released_segmenter() -> InkSegmenter:
    """The segmenter that is packed beside this module; loaded once in a process, when a picture first needs it."""
    return InkSegmenter.load_folder(RELEASED)
