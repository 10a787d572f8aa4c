"""The class TorchServe loads: a batch of requests in, as many answers out, each on its own."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ts.context import Context

from handler.wire import CONTENT_TYPE, encode_error, encode_reading, picture_bytes
from model.errors import InvalidImage
from model.pictures import decode_picture
from model.preprocessing import preprocess
from model.recogniser import Recogniser

logger = logging.getLogger(__name__)


class DigitHandler:
    """Reads digits for TorchServe: `initialize` once in a worker, then `handle` for each batch."""

    def initialize(self, context: Context) -> None:
        """Load the archive's network and let it see every batch shape.

        Raises:
            ArtifactError: the archive's parts are broken or do not belong together.
        """
        torch.set_num_threads(1)  # a worker for each core; more threads would fight for it
        folder = Path(context.system_properties["model_dir"])
        self._recogniser = Recogniser.load_folder(folder)
        self._model = str(context.model_name)
        self._version = str(context.manifest["model"]["modelVersion"])
        self._recogniser.warm_up(int(context.system_properties["batch_size"] or 1))

    def handle(self, requests: list[dict[str, Any]], context: Context) -> list[str]:
        """Answer each request of a batch; an error in one becomes its own answer and touches no other."""
        prepared = [self._prepare(request) for request in requests]
        images = [image for image in prepared if not isinstance(image, Exception)]
        readings = iter(self._recogniser.read(np.stack(images)) if images else ())
        answers = []
        for index, image in enumerate(prepared):
            context.set_response_content_type(index, CONTENT_TYPE)
            if isinstance(image, Exception):
                status, answer = encode_error(image)
                context.set_response_status(status.code, status.phrase, index)
            else:
                answer = encode_reading(next(readings), self._model, self._version)
            answers.append(answer)
        return answers

    def _prepare(self, request: dict[str, Any]) -> NDArray[np.float32] | Exception:
        """The network's input float32 (1, 28, 28) for one request, or what is wrong with it."""
        try:
            return preprocess(decode_picture(picture_bytes(request)))
        except InvalidImage as error:
            return error
        except Exception as error:  # a fault of ours with one picture must not fail the whole batch
            logger.exception("a picture could not be processed")
            return error
