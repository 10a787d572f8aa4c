"""A picture's bytes to the answer's JSON, shared by the Python servers beside ours.

Everything is as in our handler except how the network is run: optimised for inference, as PyTorch's documentation
advises. Where `BENCH_FUSED` is set in the environment, it runs as in our handler: in passes fused by oneDNN Graph.
"""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from handler.protocols.query import Answer, Served, encode_result
from model.artifacts import METADATA_FILE, MODEL_FILE, MODEL_NAME, read_labels, read_metadata
from model.locations import RELEASED
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import Digit, find_digit
from model.recogniser import Recogniser
from model.torchscript import load_differentiable
from release.archive import LABELS

FUSED = "BENCH_FUSED"


class Reader:
    """The released model, loaded and warmed, on one thread: the servers run a process for each core."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self._recogniser = _recogniser(is_fused=FUSED in os.environ)
        self._served = Served(MODEL_NAME, self._recogniser.metadata["version"], self._recogniser.labels)
        self._recogniser.warm_up()

    def read(self, body: bytes) -> dict[str, Any]:
        """The result object for one picture file."""
        return self.read_batch([self.prepare(body)])[0]

    def prepare(self, body: bytes) -> Digit:
        """What is taken for the digit in a picture file."""
        return find_digit(decode_picture(body))

    def read_batch(self, digits: Sequence[Digit]) -> list[dict[str, Any]]:
        """The result objects for prepared pictures, by one forward pass."""
        readings = self._recogniser.read(np.stack([digit.image for digit in digits]))
        answers = [Answer(reading, digit.box) for reading, digit in zip(readings, digits, strict=True)]
        return [encode_result(answer, self._served) for answer in answers]


def _recogniser(is_fused: bool) -> Recogniser:
    if is_fused:
        return Recogniser.load_folder(RELEASED, LABELS)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit")  # it is deprecated, but still what TorchServe takes
        network = torch.jit.optimize_for_inference(load_differentiable(RELEASED / MODEL_FILE))
    return Recogniser(network, read_metadata(RELEASED / METADATA_FILE), read_labels(LABELS))
