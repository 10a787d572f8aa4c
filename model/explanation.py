"""Shows what a network does with one picture: its input, its first feature maps, and which pixels support the answer.

Works on the TorchScript alone, so it explains any network of the archive, whatever its layers are called.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.artifacts import MODEL_FILE
from model.preprocessing.digit import SIDE, normalise
from model.preprocessing.images import GreyImage
from model.recogniser import Recogniser
from model.torchscript import first_convolution, load_differentiable

STEPS = 128  # from blank paper to the picture; completeness error 5% (50 steps: 24%, 200: 3%)
STEPS_AT_ONCE = 64  # fits the processor's cache; all at once take a fifth longer
METHOD = f"integrated gradients of the log-probability, {STEPS} steps from blank paper (Sundararajan et al., 2017)"
LAYER = "first convolution"
DECIMALS = 4  # of attribution values in JSON


@dataclass(frozen=True)
class Explanation:
    """Why a picture was read as it was.

    Attributes:
        image: what the network sees, uint8 (28, 28), 0 = paper, 255 = ink.
        feature_maps: uint8 (C, H, W), one scale for all maps: 0 = no response, 255 = the strongest of any map.
        target: the label whose probability is attributed to the pixels.
        attribution: float32 (28, 28) in [-1, 1]; positive pixels spoke for the target, the strongest has 1 or -1.
    """

    image: GreyImage
    feature_maps: NDArray[np.uint8]
    target: str
    attribution: NDArray[np.float32]

    def as_json(self) -> dict[str, Any]:
        """The members that an explanation adds to a result object."""
        return {
            "input": self.input_png(),
            "feature_maps": {
                "layer": LAYER,
                "shape": list(self.feature_maps.shape),
                "images": list(self.map_pngs()),
            },
            "attribution": {"method": METHOD, "target": self.target, "values": self.attribution_values()},
        }

    def input_png(self) -> str:
        """`image` as a PNG in base64."""
        return _png(self.image)

    def map_pngs(self) -> Iterator[str]:
        """Each feature map as a PNG in base64."""
        return map(_png, self.feature_maps)

    def attribution_values(self) -> list[list[float]]:
        """`attribution` as rows of rounded numbers."""
        return [[round(value, DECIMALS) for value in row] for row in self.attribution.tolist()]


class Explainer:
    """Explains the answers of a released network."""

    def __init__(self, network: torch.jit.ScriptModule, recogniser: Recogniser) -> None:
        from captum.attr import IntegratedGradients  # takes half a second; skipped when only predictions are asked for

        self._labels = recogniser.labels
        self._temperature = recogniser.temperature
        self._network = network
        self._first_convolution = first_convolution(network)
        self._gradients = IntegratedGradients(self.log_probabilities)
        self._blank = torch.from_numpy(normalise(np.zeros((1, SIDE, SIDE), dtype=np.uint8)))

    @classmethod
    def load_folder(cls, folder: Path, recogniser: Recogniser) -> "Explainer":
        """Load a second copy of the network in `folder`, one that gradients pass through.

        Raises:
            ArtifactError: the network is broken, or has no convolution.
        """
        return cls(load_differentiable(folder / MODEL_FILE), recogniser)

    def explain(self, image: GreyImage, target: str) -> Explanation:
        """Explain why a digit image, uint8 (28, 28), 0 = paper, 255 = ink, may be read as `target`."""
        picture = torch.from_numpy(normalise(image[np.newaxis]))
        with torch.inference_mode():
            maps = self._first_convolution(picture)[0].clamp(min=0)  # what the following ReLU lets through
            scaled = (maps * (255 / maps.max().clamp(min=1e-12))).round().to(torch.uint8).numpy()
        attribution = self.integrated_gradients(picture, target)
        largest = max(float(np.abs(attribution).max()), 1e-12)  # a constant network has no gradients
        return Explanation(image, scaled, target, attribution / np.float32(largest))

    def integrated_gradients(self, picture: Tensor, target: str) -> NDArray[np.float32]:
        """What each pixel of a normalised picture, float32 (1, 1, 28, 28), adds to the target's log-probability.

        Together they make up the difference to blank paper's: float32 (28, 28), not scaled.
        """
        values = self._gradients.attribute(
            picture.requires_grad_(),
            self._blank,
            target=self._labels.index(target),
            n_steps=STEPS,
            internal_batch_size=STEPS_AT_ONCE,
        )
        return np.asarray(values[0, 0].detach().float().numpy())

    def log_probabilities(self, images: Tensor) -> Tensor:
        """Calibrated log-probabilities (N, C) of normalised pictures (N, 1, 28, 28), with gradients."""
        return torch.log_softmax(self._network(images) / self._temperature, dim=1)


def _png(picture: GreyImage) -> str:
    _, encoded = cv2.imencode(".png", picture)
    return base64.b64encode(encoded.tobytes()).decode()
