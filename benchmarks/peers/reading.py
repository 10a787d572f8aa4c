"""A picture's bytes to the answer's JSON, as the handler does it; shared by the Python servers beside ours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from handler.packaging import LABELS, MODEL_NAME, RELEASED
from handler.query import Answer, Served, encode_result
from model.pictures import decode_picture
from model.preprocessing import preprocess
from model.recogniser import Recogniser


class Reader:
    """The released model, loaded and warmed, on one thread: the servers run a process for each core."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self._recogniser = Recogniser.load_folder(RELEASED, LABELS)
        self._served = Served(MODEL_NAME, self._recogniser.metadata["version"], self._recogniser.labels)
        self._recogniser.warm_up()

    def read(self, body: bytes) -> dict[str, Any]:
        """The result object for one picture file."""
        return self.read_batch([self.prepare(body)])[0]

    def prepare(self, body: bytes) -> NDArray[np.float32]:
        """A picture file as the network's input, float32 (1, 28, 28)."""
        return preprocess(decode_picture(body))

    def read_batch(self, images: Sequence[NDArray[np.float32]]) -> list[dict[str, Any]]:
        """The result objects for prepared pictures, by one forward pass."""
        return [encode_result(Answer(reading), self._served) for reading in self._recogniser.read(np.stack(images))]
