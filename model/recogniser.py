"""Reads digits with a released network: pictures in, calibrated answers out, for the server and the command line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, check_belong_together, read_labels, read_metadata
from model.calibration import rejection_score
from model.preprocessing.digit import PREPROCESSING_VERSION, SIDE, normalise
from model.preprocessing.segmentation import released_segmenter
from model.torchscript import FusedNetwork, load_network


@dataclass(frozen=True)
class Reading:
    """What was read from one picture.

    Attributes:
        label: name of the likeliest class.
        confidence: its calibrated probability, in [0, 1].
        recognised: false where the picture is probably not a digit; the label is then only the best guess.
        probabilities: every class by name, likeliest first; they sum to 1.
    """

    label: str
    confidence: float
    recognised: bool
    probabilities: dict[str, float]


class Recogniser:
    """A released network with its calibration, its rejection threshold and its labels."""

    def __init__(self, network: Callable[[Tensor], Tensor], metadata: dict[str, Any], labels: list[str]) -> None:
        self.metadata = metadata
        self.labels = labels
        self._network = network
        self.temperature = float(metadata["calibration"]["temperature"])
        self.threshold = float(metadata["rejection"]["threshold"])

    @classmethod
    def load(cls, model: Path, metadata: Path, labels: Path) -> "Recogniser":
        """Load a network that belongs to its metadata, labels and this preprocessing.

        Raises:
            ArtifactError: a file is missing or broken, or they do not belong together.
        """
        details, names = read_metadata(metadata), read_labels(labels)
        check_belong_together(model, details, names, PREPROCESSING_VERSION)
        return cls(load_network(model), details, names)

    @classmethod
    def load_folder(cls, folder: Path, labels: Path | None = None) -> "Recogniser":
        """Load the pair of network and metadata in `folder`; the labels lie there too unless named."""
        return cls.load(folder / MODEL_FILE, folder / METADATA_FILE, labels or folder / LABELS_FILE)

    def warm_up(self) -> None:
        """Load the ink network and compile now, so that the first picture is read as fast as any.

        Raises:
            ArtifactError: the ink network is missing or broken.
        """
        released_segmenter()
        for size in range(1, FusedNetwork.LARGEST_PASS + 1):
            self.probabilities(np.zeros((size, SIDE, SIDE), dtype=np.uint8))

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Calibrated probabilities float32 (N, C) of digit images uint8 (N, 28, 28), 0 = paper, 255 = ink."""
        with torch.inference_mode():
            logits = self._network(torch.from_numpy(normalise(images)))
            return np.asarray(torch.softmax(logits / self.temperature, dim=1).numpy())

    def read(self, images: NDArray[np.uint8]) -> list[Reading]:
        """One reading for each of digit images uint8 (N, 28, 28), 0 = paper, 255 = ink."""
        probabilities = self.probabilities(images)
        recognised = (rejection_score(torch.from_numpy(probabilities)) >= self.threshold).tolist()
        return [self._reading(*pair) for pair in zip(probabilities, recognised, strict=True)]

    def _reading(self, probabilities: NDArray[np.float32], recognised: bool) -> Reading:
        order = np.argsort(-probabilities, kind="stable")
        ranked = {self.labels[i]: float(probabilities[i]) for i in order}
        label = self.labels[order[0]]
        return Reading(label, ranked[label], recognised, ranked)
