"""The class TorchServe loads: what it hands over to `Answering`, and what it is told back."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ts.context import Context

if not __package__:  # TorchServe loads this file from an archive, whose own modules go before those of PYTHONPATH
    sys.path.insert(0, str(Path(__file__).parent))

from handler import torchserve_patches
from handler.answering import Answering, Request
from handler.metrics import Metrics
from handler.protocols.failures import OK
from handler.torchserve_metrics import declared_in

torchserve_patches.apply()


class DigitHandler:
    """Reads digits for TorchServe: `initialize` once in a worker, then `handle` for each batch."""

    def initialize(self, context: Context) -> None:
        """Load the archive's network and compile it for every batch size.

        Raises:
            ArtifactError: the archive's parts are broken or do not belong together.
        """
        model, version = str(context.model_name), str(context.manifest["model"]["modelVersion"])
        metrics = Metrics(declared_in(context.metrics), model)
        folder = Path(context.system_properties["model_dir"])
        self._answering = Answering(folder, model, version, "torchserve", metrics)
        metrics.flush_regularly()

    def handle(self, requests: list[dict[str, Any]], context: Context) -> list[str | bytes]:
        """Answer each request of a batch; an error in one becomes its own answer and touches no other."""
        asked = [
            Request(fields, context.get_all_request_header(index), context.get_request_id(index) or "")
            for index, fields in enumerate(requests)
        ]
        responses = self._answering.answer(asked)
        for index, (request, response) in enumerate(zip(asked, responses, strict=True)):
            context.set_response_content_type(index, response.content_type)
            for name, value in response.headers.items():
                context.set_response_header(index, name, value)
            if _is_grpc(request.headers):
                # The stream's last answer: without this mark TorchServe kills the worker, over HTTP it makes chunks.
                context.set_response_header(index, "ts_stream_next", "false")
            if response.status is not OK:
                context.set_response_status(response.status.code, response.status.phrase, index)
        return [response.body for response in responses]


def _is_grpc(headers: Mapping[str, Any]) -> bool:
    """Whether a request came over gRPC, where TorchServe sends no headers but those of its fields."""
    return not any(isinstance(value, str) for value in headers.values())
