"""Answers batches of requests: a batch in, as many responses out, each on its own, whichever server took them in."""

import gc
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from handler.metrics import Metrics, Sample
from handler.protocols.binary_tensors import HEADER
from handler.protocols.failures import OK, Failure, Status, describe_error
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


@dataclass(frozen=True)
class Request:
    """What a server took in.

    Attributes:
        fields: the body under `body`, or a form's fields; values are bytes, or what the server decoded.
        headers: of HTTP, and those by which a server says what is asked: `explain`, `describe` and `url_path`.
        id: names the request in the answer and in the log.
    """

    fields: Mapping[str, Any]
    headers: Mapping[str, Any]
    id: str


@dataclass(frozen=True)
class Response:
    """What the server is to answer."""

    body: str | bytes
    status: Status = OK
    content_type: str = CONTENT_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


class Answering:
    """The archive's network and all that stands around it, in one worker.

    Args:
        folder: the unpacked archive.
        model, version, server: what answers name.
        metrics: counts and samples what is answered.

    Raises:
        ArtifactError: the archive's parts are broken or do not belong together.
    """

    def __init__(self, folder: Path, model: str, version: str, server: str, metrics: Metrics) -> None:
        torch.set_num_threads(1)  # there is a worker for each core
        self._folder = folder
        self._recogniser = Recogniser.load_folder(folder)
        self._served = Served(model, version, self._recogniser.labels, server)
        self._metrics = metrics
        self._recogniser.warm_up()
        gc.freeze()  # never collected again: searching PyTorch's objects for garbage would delay a batch

    @cached_property
    def _explainer(self) -> Explainer:
        """Loaded at a worker's first explanation: a restarted worker serves predictions sooner."""
        return Explainer.load_folder(self._folder, self._recogniser)

    def answer(self, requests: Sequence[Request]) -> list[Response]:
        """Answer each request of a batch: parse, decode, preprocess, infer, encode.

        An error in one becomes its own response and touches no other.
        """
        items = [self._read_pictures(request) for request in requests]
        self._infer(items)
        return [self._encode(item, request) for item, request in zip(items, requests, strict=True)]

    def _read_pictures(self, request: Request) -> Item:
        """What is asked, up to the network's inputs."""
        item = Item()
        started = perf_counter()
        try:
            item.is_probe = request.headers.get("user-agent") == PROBE
            check_route(request.headers, self._served)
            item.query = parse(request.fields, request.headers, self._recogniser.metadata)
            pictures = decode(item.query.pictures)
            item.digits, item.preprocess_s = preprocess(pictures, len(item.query.pictures))
        except Exception as error:
            item.failure = describe_error(error)
        item.decode_s = perf_counter() - started - item.preprocess_s
        return item

    def _infer(self, items: Sequence[Item]) -> None:
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

    def _encode(self, item: Item, request: Request) -> Response:
        """What answers one request; counts it, and logs it where it failed."""
        explains = wants_explanation(request.headers)
        response = Response("")
        if item.query is not None and item.failure is None:
            try:
                answers = [self._answer(*pair, explains) for pair in zip(item.readings, item.digits, strict=True)]
                response = _response(item.query.encode(answers, self._served, request.id))
            except Exception as error:
                item.failure = describe_error(error)
        kind = "probe" if item.is_probe else "explanation" if explains else "prediction"
        if item.failure is None:
            self._metrics.count_request(kind if item.digits or item.is_probe else "description", "ok")
            return response
        self._metrics.count_request(kind, item.failure.status.phrase)
        _log(item.failure, request)
        return Response(item.failure.body(is_open_inference(request.headers)), item.failure.status)

    def _answer(self, reading: Reading, digit: Digit, explains: bool) -> Answer:
        return Answer(reading, digit.box, self._explainer.explain(digit.image, reading.label) if explains else None)


def _response(answer: dict[str, Any] | BinaryAnswer) -> Response:
    """JSON, or JSON and the binary data behind it; a header says where the one ends."""
    if not isinstance(answer, BinaryAnswer):
        return Response(json.dumps(answer))
    text = json.dumps(answer.content).encode()
    return Response(text + answer.data, content_type=BINARY_TYPE, headers={HEADER: str(len(text))})


def _log(failure: Failure, request: Request) -> None:
    """Log a failed request in one line; nothing in it is unescaped or unbounded. A fault of ours adds its traceback.

    A gateway names the request by a header, which its own log has too.
    """
    named = request.headers.get("x-request-id")
    gateway_id = {"gateway_request_id": named[:MAX_LOGGED_ID]} if isinstance(named, str) else {}
    line = json.dumps({"event": "request failed", "request_id": request.id} | gateway_id | failure.error)
    logger.warning("\n".join(filter(None, [line, failure.traceback])))
