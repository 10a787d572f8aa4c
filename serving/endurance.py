"""Asks a running server very often, and measures the memory and the open files that it holds meanwhile.

Most requests are plain pictures; other formats, bad requests and explanations take turns among them.
"""

import base64
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import psutil
import requests

from model.artifacts import MODEL_NAME
from serving.settings import SAMPLE

TIMEOUT_S = 30.0
"""How long an answer may take."""

PLAIN_PICTURES = 4
"""How many plain pictures are sent before each request of another kind."""

WARM_UP_SHARE = 0.2
"""The share of the requests, from the first on, that `growth` leaves out: caches fill meanwhile."""


@dataclass(frozen=True)
class Usage:
    """What a server holds: resident bytes of its workers and of the JVM, and the open files of all of them."""

    worker_bytes: int
    jvm_bytes: int
    open_files: int


@dataclass(frozen=True)
class Trial:
    """One request, and the HTTP status that is right for it; `path` is `predictions` or `explanations`."""

    path: str
    body: bytes
    status: int


class Endurance:
    """Sends the requests of many clients to one server, on the machine that the server runs on.

    Attributes:
        wrong: how many answers had another status than the right one.

    Args:
        api_url, management_url: the server's addresses, such as http://127.0.0.1:8080.
        clients: how many ask at the same time.

    Raises:
        requests.RequestException: the server does not answer.
        psutil.NoSuchProcess: a worker ended meanwhile.
    """

    def __init__(self, api_url: str, management_url: str, clients: int) -> None:
        self._api_url = api_url
        self._clients = clients
        [model] = requests.get(f"{management_url}/models/{MODEL_NAME}", timeout=TIMEOUT_S).json()
        self._workers = [psutil.Process(worker["pid"]) for worker in model["workers"]]
        self._jvm = _jvm_of(self._workers[0])
        self._trials = trials(SAMPLE.read_bytes())
        self._lock = threading.Lock()
        self.wrong = 0

    def run(self, count: int) -> None:
        """Send `count` requests and wait for their answers.

        Raises:
            requests.RequestException: a request was not answered.
        """
        with ThreadPoolExecutor(self._clients) as pool:
            list(pool.map(self._ask, shares(count, self._clients)))

    def measure(self) -> Usage:
        """What the server holds now."""
        processes = [*self._workers, *([self._jvm] if self._jvm else [])]
        return Usage(
            sum(worker.memory_info().rss for worker in self._workers),
            self._jvm.memory_info().rss if self._jvm else 0,
            sum(process.num_fds() for process in processes),
        )

    def _ask(self, count: int) -> None:
        wrong = 0
        with requests.Session() as session:
            for number in range(count):
                trial = self._trials[number % len(self._trials)]
                url = f"{self._api_url}/{trial.path}/{MODEL_NAME}"
                wrong += session.post(url, data=trial.body, timeout=TIMEOUT_S).status_code != trial.status
        with self._lock:
            self.wrong += wrong


def _jvm_of(worker: psutil.Process) -> psutil.Process | None:
    """TorchServe's JVM: the worker's parent, or beside the fork server that made the worker."""
    for ancestor in worker.parents()[:2]:
        for process in (ancestor, *ancestor.children()):
            if "org.pytorch.serve.ModelServer" in process.cmdline():
                return process
    return None


def shares(count: int, clients: int) -> list[int]:
    """How many of `count` requests each client sends: the numbers differ by one at most."""
    return [count // clients + (client < count % clients) for client in range(clients)]


def trials(picture: bytes) -> list[Trial]:
    """Requests of every kind, in the order in which a client repeats them; `picture` is the file of a digit."""
    text = base64.b64encode(picture).decode()
    tensor = {
        "name": "x",
        "shape": [28, 28],
        "datatype": "UINT8",
        "data": [255 * (12 <= i % 28 < 16) for i in range(784)],  # a vertical line
    }
    others = [
        Trial("predictions", json.dumps({"image": text}).encode(), 200),
        Trial("predictions", json.dumps({"instances": [text, {"data": text}]}).encode(), 200),
        Trial("predictions", json.dumps({"inputs": [tensor]}).encode(), 200),
        Trial("predictions", b"no picture", 415),
        Trial("predictions", picture[: len(picture) // 2], 415),
        Trial("predictions", b'{"image": ', 400),
        Trial("explanations", picture, 200),
    ]
    plain = [Trial("predictions", picture, 200)] * PLAIN_PICTURES
    return [trial for other in others for trial in (*plain, other)]


def growth(counts: Sequence[int], usages: Sequence[Usage]) -> dict[str, float]:
    """How much each figure of `Usage` grows in 100,000 requests, by a straight line through what was measured.

    Args:
        counts: requests sent before each measurement, ascending; the first `WARM_UP_SHARE` of the last is left out.
        usages: what was measured, as many.

    Returns:
        The figures by their names in `Usage`; empty where fewer than two measurements are left.
    """
    settled = [pair for pair in zip(counts, usages, strict=True) if pair[0] >= WARM_UP_SHARE * counts[-1]]
    if len(settled) < 2:
        return {}
    sent = [count for count, _ in settled]
    figures = [asdict(usage) for _, usage in settled]
    return {name: float(np.polyfit(sent, [row[name] for row in figures], 1)[0]) * 100_000 for name in figures[0]}
