"""The class TorchServe loads: a batch of requests in, as many answers out, each on its own."""

import gc
import json
import logging
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from ts.context import Context

from handler.metrics import Metrics, Sample
from handler.preparation import Item, prepare, wants_explanation
from handler.protocols.parsing import CONTENT_TYPE, Failure, describe_error
from handler.protocols.query import Answer, Served
from handler.torchserve_patches.envelopes import bypass_envelopes
from handler.torchserve_patches.receiving import read_by_the_block
from model.explanation import Explainer
from model.preprocessing.images import GreyImage
from model.recogniser import Reading, Recogniser

logger = logging.getLogger(__name__)

bypass_envelopes()
read_by_the_block()


class DigitHandler:
    """Reads digits for TorchServe: `initialize` once in a worker, then `handle` for each batch."""

    def initialize(self, context: Context) -> None:
        """Load the archive's network and let it see every batch shape.

        Raises:
            ArtifactError: the archive's parts are broken or do not belong together.
        """
        torch.set_num_threads(1)  # a worker for each core; more threads would fight for it
        self._folder = Path(context.system_properties["model_dir"])
        self._recogniser = Recogniser.load_folder(self._folder)
        version = str(context.manifest["model"]["modelVersion"])
        self._served = Served(str(context.model_name), version, self._recogniser.labels)
        self._metrics = Metrics(context.metrics, self._served.model)
        self._recogniser.warm_up()
        gc.freeze()  # what is loaded now stays loaded: walking PyTorch's objects again would hold up a batch

    @cached_property
    def _explainer(self) -> Explainer:
        """Loaded for a worker's first explanation, so that a killed worker is sooner back to read digits."""
        return Explainer.load_folder(self._folder, self._recogniser)

    def handle(self, requests: list[dict[str, Any]], context: Context) -> list[str]:
        """Answer each request of a batch; an error in one becomes its own answer and touches no other."""
        metadata = self._recogniser.metadata
        items = [prepare(request, context.get_all_request_header(i), metadata) for i, request in enumerate(requests)]
        readings = iter(self._read([item for item in items if isinstance(item, Item)]))
        answers = []
        for index, item in enumerate(items):
            context.set_response_content_type(index, CONTENT_TYPE)
            _end_stream(context, index)
            request_id = context.get_request_id(index) or ""
            answer = self._answer(item, readings, request_id) if isinstance(item, Item) else item
            answers.append(self._counted(answer, _kind(item, context, index), request_id, context, index))
        return answers

    def _read(self, items: list[Item]) -> list[Reading]:
        """The readings of all pictures of a batch, by one forward pass."""
        images = [image for item in items for image in item.images]
        if not images:
            return []
        started = perf_counter()
        readings = self._recogniser.read(np.stack(images))
        inference_s = perf_counter() - started
        self._metrics.count_readings(readings)
        if self._metrics.wants_sample():
            first = next(item for item in items if item.images)
            share = 1 / len(first.images)
            seconds = (first.decode_s * share, first.preprocess_s * share, inference_s)
            self._metrics.sample(Sample(len(images), *seconds, images[0], readings[0]))
        return readings

    def _answer(self, item: Item, readings: Iterator[Reading], request_id: str) -> str | Failure:
        """The answer to one request; takes its readings, one for each picture, off the batch's."""
        own = [next(readings) for _ in item.images]
        try:
            answers = [self._explained(item, *pair) for pair in zip(own, item.images, strict=True)]
            return json.dumps(item.query.encode(answers, self._served, request_id))
        except Exception as error:
            return describe_error(error)

    def _counted(self, answer: str | Failure, kind: str, request_id: str, context: Context, index: int) -> str:
        """Count a request; answer a failed one, and log it in a line without anything unescaped or unbounded in it."""
        if isinstance(answer, str):
            self._metrics.count_request(kind, "ok")
            return answer
        self._metrics.count_request(kind, answer.status.phrase)
        context.set_response_status(answer.status.code, answer.status.phrase, index)
        line = json.dumps({"event": "request failed", "request_id": request_id} | answer.error)
        logger.warning("\n".join(filter(None, [line, answer.traceback])))
        return answer.body

    def _explained(self, item: Item, reading: Reading, image: GreyImage) -> Answer:
        return Answer(reading, self._explainer.explain(image, reading.label) if item.explain else None)


def _end_stream(context: Context, index: int) -> None:
    """Mark the answer to a gRPC request as its last: TorchServe kills the worker where a stream's answer lacks this.

    Over HTTP the mark would turn the answer into chunks. A gRPC request is known by having no headers but its fields'.
    """
    if not any(isinstance(value, str) for value in context.get_all_request_header(index).values()):
        context.set_response_header(index, "ts_stream_next", "false")


def _kind(item: Item | Failure, context: Context, index: int) -> str:
    """What was asked for, in the words of the metrics."""
    if isinstance(item, Item) and not item.images:
        return "description"
    return "explanation" if wants_explanation(context.get_all_request_header(index)) else "prediction"
