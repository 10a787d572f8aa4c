"""Nothing at all, clients that are too slow, and clients that ask for too much."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psutil

from benchmarks.faults.clients import RIGHT, Pictures, Tally
from benchmarks.faults.open_loop import Flood, Question
from benchmarks.faults.setting import Setting

HELD_OPEN = 500
CROWD = 1_000
"""Connections of the overload."""
OVERLOAD = 5
"""Times the rate that `FEW` connections get, each asking again at once."""
FEW = 64
WARM_UP_S = 2.0
REQUESTS_PER_S = 500
"""An overload lasts as long as so many take, which the number of requests asks for."""


@contextmanager
def nothing(setting: Setting) -> Iterator[None]:
    """The clients alone, to compare with."""
    yield


@contextmanager
def nodes_apart(setting: Setting) -> Iterator[None]:
    """The nodes on half of the processors, gateway and clients on the others: refusals cost the nodes nothing."""
    cores = sorted(os.sched_getaffinity(0))
    ours, theirs = cores[: len(cores) // 2] or cores, cores[len(cores) // 2 :]
    launchers = [node.parents()[0] for node in setting.gateway.nodes()]  # fork server and workers descend from them too
    nodes = [process for launcher in launchers for process in launcher.children(recursive=True)]
    others = [psutil.Process(), *setting.gateway.envoys()]
    try:
        _run_on(theirs, nodes)
        _run_on(ours, others)
        yield
    finally:
        _run_on(cores, [*nodes, *others])


def _run_on(cores: Sequence[int], processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        for thread in process.threads():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(thread.id, cores)


@contextmanager
def slow_clients(setting: Setting) -> Iterator[None]:
    """Many requests that were sent by half, held open."""
    host, _, port = setting.gateway.url.partition("://")[2].partition(":")
    context = ssl.create_default_context(cafile=str(setting.gateway.certificate))
    with ExitStack() as stack:
        for _ in range(HELD_OPEN):
            connection = stack.enter_context(
                context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
            )
            connection.sendall(
                b"POST /predictions/mnist HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000)
            )
        yield


def overload(setting: Setting, pictures: Pictures, requests: int) -> Tally:
    """Find the rate of a few connections, then send many times as much over many."""
    question, seconds = Question(*pictures[0]), requests / REQUESTS_PER_S
    with Flood(setting.gateway, question, FEW) as few:
        few.send(WARM_UP_S)
        _, capacity = _timed(few, seconds)
    with Flood(setting.gateway, question, CROWD) as crowd:
        tally, rate = _timed(crowd, seconds, OVERLOAD * capacity)
    tally.note = (
        "The nodes ran on half of the processors, gateway and clients on the others. "
        f"{FEW} connections got {capacity:,.0f} right answers a second. {CROWD:,} connections that sent "
        f"{OVERLOAD * capacity:,.0f} a second got {rate:,.0f}, {rate / capacity:.0%} of it (at least 90%), "
        "and were told of all others to come again."
    )
    return tally


def _timed(flood: Flood, seconds: float, requests_per_s: float | None = None) -> tuple[Tally, float]:
    """What came back, and the right answers a second until the last came."""
    started = time.monotonic()
    tally = flood.send(seconds, requests_per_s)
    return tally, tally.outcomes[RIGHT] / (time.monotonic() - started)
