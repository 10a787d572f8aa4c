"""Asks the champion and a version on trial for the same pictures, and compares what they read.

Envoy sends a copy of each prediction here and waits for no answer. Some of them are asked again, of both versions, one
after the other: so many a second at most that nobody else waits for it.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.artifacts import MODEL_NAME
from serving.settings import LOOPBACK
from serving.unix_http import UnixConnection
from serving.uvicorn_settings import listen
from serving.uvicorn_thread import BACKLOG, UvicornThread

INTERVAL_S = 0.05
"""Between two pictures that are asked again, at least."""

TIMEOUT_S = 10.0
KEPT_SECONDS = 2_000
"""How many of a version's latest seconds its percentiles are taken of."""

_PATH = re.compile(rf"/predictions/{MODEL_NAME}(/[^/]+(?P<v2>/v2/.+)?)?|/v1/models/{MODEL_NAME}:predict")

Readings = list[tuple[str, bool]]
"""Of each picture of a request its label, and whether it was recognised."""


@dataclass
class Side:
    """What one of the two versions answered: pictures refused, requests failed, and the latest requests' seconds."""

    version: str
    refused: int = 0
    failed: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_SECONDS))

    def figures(self) -> dict[str, Any]:
        """The counts, and percentiles in milliseconds."""
        p50, p99 = np.percentile(self.seconds, (50, 99)) if self.seconds else (np.nan, np.nan)
        milliseconds = {"p50_ms": round(1000 * p50, 2), "p99_ms": round(1000 * p99, 2)} if self.seconds else {}
        return {"version": self.version, "refused": self.refused, "failed": self.failed} | milliseconds


@dataclass
class Tally:
    """What came of one trial so far: pictures asked of both versions, and those that both read alike."""

    sides: tuple[Side, Side]
    asked: int = 0
    agreed: int = 0

    def figures(self) -> dict[str, Any]:
        """For `make versions`."""
        champion, trial = (side.figures() for side in self.sides)
        return {"asked": self.asked, "agreed": self.agreed, "champion": champion, "trial": trial}


class Comparison:
    """Takes the copies of requests on a loopback port, and its metrics' questions.

    Args:
        nodes: Unix socket at which Envoy passes HTTP on to the nodes.

    Attributes:
        port: where it listens.
    """

    def __init__(self, nodes: Callable[[], Path]) -> None:
        self._nodes = nodes
        self._tally: Tally | None = None
        self._is_asking = threading.Lock()
        self._next_at = 0.0
        self._registry = CollectorRegistry()
        self._asked = Counter("trial_pictures", "Pictures asked of both versions", ["agreed"], registry=self._registry)
        self._refused = Counter("trial_refused", "Pictures not recognised", ["version"], registry=self._registry)
        self._failed = Counter("trial_failed", "Requests that failed", ["version"], registry=self._registry)
        self._seconds = Histogram("trial_seconds", "Seconds of a request", ["version"], registry=self._registry)
        listening = listen(LOOPBACK, 0, BACKLOG)
        self.port: int = listening.getsockname()[1]
        routes = [Route("/metrics", self._metrics), Route("/{path:path}", self._take, methods=["POST", "PUT"])]
        self._server = UvicornThread(listening, Starlette(routes=routes))

    def start(self) -> None:
        """Take copies from now on."""
        self._server.start("comparison")

    def stop(self) -> None:
        """Take no more."""
        self._server.stop()

    def compare(self, versions: tuple[str, str] | None) -> None:
        """Compare these from now on, the champion and the version on trial; None compares nothing."""
        self._tally = Tally((Side(versions[0]), Side(versions[1]))) if versions else None

    def figures(self) -> dict[str, Any]:
        """What came of the trial so far; empty where there is none."""
        return self._tally.figures() if self._tally else {}

    async def _metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        match = _PATH.fullmatch(request.url.path)
        now = time.monotonic()
        if match and self._tally and now >= self._next_at and self._is_asking.acquire(blocking=False):
            self._next_at = now + INTERVAL_S
            await run_in_threadpool(self._ask_both, self._tally, match["v2"] is not None, body)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _ask_both(self, tally: Tally, is_v2: bool, body: bytes) -> None:
        try:
            first = tally.asked % 2  # the second finds caches warm, so they take turns
            readings = {side: self._read(tally.sides[side], is_v2, body) for side in (first, 1 - first)}
            if (champion := readings[0]) is not None and (trial := readings[1]) is not None:
                agreed = sum(map(tuple.__eq__, champion, trial)) if len(champion) == len(trial) else 0
                tally.asked += len(champion)
                tally.agreed += agreed
                self._asked.labels("yes").inc(agreed)
                self._asked.labels("no").inc(len(champion) - agreed)
        finally:
            self._is_asking.release()

    def _read(self, side: Side, is_v2: bool, body: bytes) -> Readings | None:
        """What a version reads, or None where it does not answer; a picture that both refuse in words counts too."""
        started = time.monotonic()
        connection = UnixConnection(self._nodes(), TIMEOUT_S)
        try:
            version = quote(side.version)
            path = (
                f"/v2/models/{MODEL_NAME}/versions/{version}/infer" if is_v2 else f"/predictions/{MODEL_NAME}/{version}"
            )
            connection.request("POST", path, body, {"Content-Type": "application/octet-stream"})
            answer = connection.getresponse()
            content = answer.read()
            readings = readings_of(answer.status, json.loads(content))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            side.failed += 1
            self._failed.labels(side.version).inc()
            return None
        finally:
            connection.close()
        seconds = time.monotonic() - started
        side.seconds.append(seconds)
        self._seconds.labels(side.version).observe(seconds)
        refused = sum(not recognised for _, recognised in readings)
        side.refused += refused
        self._refused.labels(side.version).inc(refused)
        return readings


def readings_of(status: int, answer: Mapping[str, Any]) -> Readings:
    """What an answer reads, in any of the protocols; an error about the picture is a refusal without a label.

    Raises:
        KeyError, TypeError, ValueError: it is another answer, or an error of the server.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ValueError(f"the status is {status}")
    if status >= HTTPStatus.BAD_REQUEST:
        return [(f"{status}", False)]
    if "outputs" in answer:
        tensors: dict[str, Sequence[Any]] = {output["name"]: output["data"] for output in answer["outputs"]}
        return list(zip(map(str, tensors["label"]), map(bool, tensors["recognised"]), strict=True))
    answers = answer.get("predictions", [answer])
    return [(str(one["label"]), bool(one["recognised"])) for one in answers]
