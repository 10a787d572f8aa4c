"""Measures servers in rounds: each is started once a round, checked to answer right, warmed up and loaded by wrk.

One server runs at a time. wrk sends each picture over each number of connections.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from benchmarks.load import Run, ask, measure
from benchmarks.peers.reading import Reader
from benchmarks.servers import Server
from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from serving.settings import Ports, check_ports_free

START_TIMEOUT_S, POLL_INTERVAL_S, REQUEST_TIMEOUT_S = 60.0, 0.2, 10.0
WARM_UP_CONNECTIONS = 64
TOLERANCE = 1e-4  # of confidences and probabilities: batches of other sizes add up in another order

T = TypeVar("T")
Answer = dict[str, Any]
Report = Callable[[str], None]
"""Called with each line of progress."""


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        pictures: the files to send, by the names that results call them.
        connections: the numbers of connections to measure with.
        seconds: how long a run takes.
        warm_up_s: how long a server is loaded before the first run with a picture.
        ports: where the servers listen.
    """

    pictures: Mapping[str, Path]
    connections: Sequence[int]
    seconds: float
    warm_up_s: float
    ports: Ports

    @property
    def url(self) -> str:
        """The address that every server answers at."""
        return f"{self.ports.api_url}/predictions/{MODEL_NAME}"


def rounds(servers: Sequence[Server], count: int, plan: Plan, report: Report) -> Iterator[list[Run]]:
    """Measure every server once a round; gives the runs of each round when it is finished.

    Raises:
        OperatorError: a server did not start, or its answers are wrong.
    """
    reader = Reader()
    expected = {name: reader.read(picture.read_bytes()) for name, picture in plan.pictures.items()}
    for number in range(count):
        runs: list[Run] = []
        for server in order(servers, number):
            report(f"round {number + 1} of {count}: {server.title}")
            check_ports_free(plan.ports, with_page=False)
            with server.running(plan.ports) as root:
                check_answers(server, expected, plan, root)
                runs += load(number + 1, server, root, plan, report)
        yield runs


def order(servers: Sequence[T], number: int) -> list[T]:
    """Servers, or their names, in the order of one round; each begins with the next, so none always comes first."""
    first = number % len(servers)
    return [*servers[first:], *servers[:first]]


def load(number: int, server: Server, root: psutil.Process, plan: Plan, report: Report) -> Iterator[Run]:
    """Warm up a server, then time it with each number of connections; one picture after the other."""
    for name, picture in plan.pictures.items():
        if plan.warm_up_s:
            ask(plan.url, picture, WARM_UP_CONNECTIONS, plan.warm_up_s)
        for connections in plan.connections:
            which = (number, server.name, name, connections)
            one = measure(which, plan.url, picture, connections, plan.seconds, root)
            report(
                f"  {name}, {connections:3} connections: {one.requests_per_s:7,.0f} requests/s, "
                f"p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f} ms, {one.errors} errors"
            )
            yield one


def check_answers(server: Server, expected: Mapping[str, Answer], plan: Plan, root: psutil.Process) -> None:
    """Wait until a server answers, and check that its answers are those of the model without a server.

    Raises:
        OperatorError: it does not answer in time, or its answers differ.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    for name, picture in plan.pictures.items():
        while (answer := _post(plan.url, picture.read_bytes())) is None:
            if root.status() == psutil.STATUS_ZOMBIE or time.monotonic() > deadline:
                raise OperatorError(f"{server.title} did not answer within {START_TIMEOUT_S:g} s")
            time.sleep(POLL_INTERVAL_S)
        if server.reads and not is_same(answer, expected[name]):
            raise OperatorError(f"{server.title} answers {answer} for {name}; {expected[name]} is expected")


def is_same(answer: Answer, expected: Answer) -> bool:
    """Whether two answers have the same members and values, probabilities up to `TOLERANCE`."""
    if answer.keys() != expected.keys() or answer["probabilities"].keys() != expected["probabilities"].keys():
        return False
    numbers = [(answer["confidence"], expected["confidence"])]
    numbers += [(share, expected["probabilities"][label]) for label, share in answer["probabilities"].items()]
    rest = answer.keys() - {"confidence", "probabilities"}
    return all(abs(a - b) <= TOLERANCE for a, b in numbers) and all(answer[key] == expected[key] for key in rest)


def _post(url: str, body: bytes) -> Answer | None:
    """The answer, or None while nobody listens."""
    request = urllib.request.Request(url, body, {"Content-Type": "image/png"})
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        raise OperatorError(f"{url} answers {error.code}: {error.read(200)!r}") from error
    except OSError:
        return None
