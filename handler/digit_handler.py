"""The class TorchServe loads: a batch of requests in, as many answers out, each on its own."""

import gc
import json
import logging
import sys
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from ts.context import Context

if not __package__:  # TorchServe loads this file from an archive, whose own modules go before those of PYTHONPATH
    sys.path.insert(0, str(Path(__file__).parent))

from handler import torchserve_patches
from handler.metrics import Metrics, Sample
from handler.protocols.binary_tensors import HEADER
from handler.protocols.failures import Failure, describe_error
from handler.protocols.parsing import parse, wants_explanation
from handler.protocols.query import Answer, BinaryAnswer, Served
from handler.protocols.server_routes import check_route, is_open_inference
from handler.stages import Item, decode, preprocess
from model.explanation import Explainer
from model.preprocessing.digit import Digit
from model.recogniser import Reading, Recogniser

CONTENT_TYPE = "application/json"
BINARY_TYPE = "application/octet-stream"
MAX_LOGGED_ID = 64  # characters
PROBE = "Envoy/HC"
"""User agent of the gateway's health checks, which read a picture each second: no one's prediction."""

logger = logging.getLogger(__name__)

torchserve_patches.apply()


class DigitHandler:
    """Reads digits for TorchServe: `initialize` once in a worker, then `handle` for each batch."""

    def initialize(self, context: Context) -> None:
        """Load the archive's network and compile it for every batch size.

        Raises:
            ArtifactError: the archive's parts are broken or do not belong together.
        """
        torch.set_num_threads(1)  # there is a worker for each core
        self._folder = Path(context.system_properties["model_dir"])
        self._recogniser = Recogniser.load_folder(self._folder)
        version = str(context.manifest["model"]["modelVersion"])
        self._served = Served(str(context.model_name), version, self._recogniser.labels)
        self._metrics = Metrics(context.metrics, self._served.model)
        self._recogniser.warm_up()
        gc.freeze()  # never collected again: searching PyTorch's objects for garbage would delay a batch

    @cached_property
    def _explainer(self) -> Explainer:
        """Loaded at a worker's first explanation: a restarted worker serves predictions sooner."""
        return Explainer.load_folder(self._folder, self._recogniser)

    def handle(self, requests: list[dict[str, Any]], context: Context) -> list[str | bytes]:
        """Answer each request of a batch: parse, decode, preprocess, infer, encode.

        An error in one becomes its own answer and touches no other.
        """
        items = [Item() for _ in requests]
        for index, (item, fields) in enumerate(zip(items, requests, strict=True)):
            started = perf_counter()
            try:
                headers = context.get_all_request_header(index)
                item.is_probe = headers.get("user-agent") == PROBE
                check_route(headers, self._served)
                item.query = parse(fields, headers, self._recogniser.metadata)
                pictures = decode(item.query.pictures)
                item.digits, item.preprocess_s = preprocess(pictures, len(item.query.pictures))
            except Exception as error:
                item.failure = describe_error(error)
            item.decode_s = perf_counter() - started - item.preprocess_s
        self._infer(items)
        return [self._encode(item, context, index) for index, item in enumerate(items)]

    def _infer(self, items: list[Item]) -> None:
        """Read the pictures of all requests by one forward pass."""
        items = [item for item in items if item.digits]
        images = [digit.image for item in items for digit in item.digits]
        if not images:
            return
        started = perf_counter()
        readings = self._recogniser.read(np.stack(images))
        inference_s = perf_counter() - started
        rest = iter(readings)
        for item in items:
            item.readings = [next(rest) for _ in item.digits]
        asked = [item for item in items if not item.is_probe]
        self._metrics.count_readings([reading for item in asked for reading in item.readings])
        if asked and self._metrics.wants_sample():
            first = asked[0]
            share = 1 / len(first.digits)
            seconds = (first.decode_s * share, first.preprocess_s * share, inference_s)
            self._metrics.sample(Sample(len(images), *seconds, first.digits[0].image, first.readings[0]))

    def _encode(self, item: Item, context: Context, index: int) -> str | bytes:
        """What answers one request; sets its status and headers, counts it, and logs it where it failed."""
        headers, request_id = context.get_all_request_header(index), context.get_request_id(index) or ""
        explains = wants_explanation(headers)
        context.set_response_content_type(index, CONTENT_TYPE)
        _end_stream(headers, context, index)
        body: str | bytes = ""
        if item.query is not None and item.failure is None:
            try:
                answers = [self._answer(*pair, explains) for pair in zip(item.readings, item.digits, strict=True)]
                answer = item.query.encode(answers, self._served, request_id)
                body = _binary(answer, context, index) if isinstance(answer, BinaryAnswer) else json.dumps(answer)
            except Exception as error:
                item.failure = describe_error(error)
        kind = "probe" if item.is_probe else "explanation" if explains else "prediction"
        if item.failure is None:
            self._metrics.count_request(kind if item.digits or item.is_probe else "description", "ok")
            return body
        self._metrics.count_request(kind, item.failure.status.phrase)
        context.set_response_status(item.failure.status.code, item.failure.status.phrase, index)
        _log(item.failure, request_id, headers)
        return item.failure.body(is_open_inference(headers))

    def _answer(self, reading: Reading, digit: Digit, explains: bool) -> Answer:
        return Answer(reading, digit.box, self._explainer.explain(digit.image, reading.label) if explains else None)


def _binary(answer: BinaryAnswer, context: Context, index: int) -> bytes:
    """JSON and the binary data behind it; a header says where the one ends."""
    text = json.dumps(answer.content).encode()
    context.set_response_content_type(index, BINARY_TYPE)
    context.set_response_header(index, HEADER, str(len(text)))
    return text + answer.data


def _end_stream(headers: dict[str, Any], context: Context, index: int) -> None:
    """Mark the answer to a gRPC request as its last: TorchServe kills the worker where a stream's answer lacks this.

    Over HTTP the mark would turn the answer into chunks. A gRPC request is known by having no headers but its fields'.
    """
    if not any(isinstance(value, str) for value in headers.values()):
        context.set_response_header(index, "ts_stream_next", "false")


def _log(failure: Failure, request_id: str, headers: dict[str, Any]) -> None:
    """Log a failed request in one line; nothing in it is unescaped or unbounded. A fault of ours adds its traceback.

    A gateway names the request by a header, which its own log has too.
    """
    named = headers.get("x-request-id")
    gateway_id = {"gateway_request_id": named[:MAX_LOGGED_ID]} if isinstance(named, str) else {}
    line = json.dumps({"event": "request failed", "request_id": request_id} | gateway_id | failure.error)
    logger.warning("\n".join(filter(None, [line, failure.traceback])))
