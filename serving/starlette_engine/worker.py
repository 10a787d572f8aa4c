"""Loads the network of an unpacked archive, then forks the workers that answer for it and replaces those that end.

Run as a script, so that `handler` and `model` are the archive's own, not those of the repository. A worker connects to
the front's Unix socket and says its process id; then each message is a batch, and is answered by one.

A message is eight bytes of length and a pickle of built-in types. Both ends are ours, and the socket's folder is
private.
"""

import logging
import os
import pickle
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

LENGTH_BYTES = 8
SHORT_LIFE_S = 1.0
"""A worker that ends sooner is replaced only after as long, so that one that cannot run does not take the processor."""


class Lines(logging.Handler):
    """Keeps what is logged until it is sent to the front, which writes the log."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelno, record.getMessage()))


class Reported:
    """A metric whose values are kept until they are sent to the front, which has the real one."""

    def __init__(self, name: str, values: list[tuple[str, float, list[str]]]) -> None:
        self._name, self._values = name, values

    def add_or_update(self, value: float, dimension_values: Sequence[str]) -> None:
        self._values.append((self._name, value, list(dimension_values)))


def packed(message: Any) -> bytes:
    """A message as it is sent."""
    data = pickle.dumps(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def received(stream: BinaryIO) -> Any:
    """The next message; None where the front has gone."""
    length = stream.read(LENGTH_BYTES)
    return pickle.loads(stream.read(int.from_bytes(length, "big"))) if length else None  # noqa: S301


def main(folder: str, address: str, model: str, version: str, count: str) -> None:
    """Load the archive in `folder`, then keep `count` workers running until the front is gone."""
    front, started = os.getppid(), time.monotonic()
    lines = Lines()
    values: list[tuple[str, float, list[str]]] = []
    logging.basicConfig(level=logging.INFO, handlers=[lines])
    sys.path[0] = folder  # in place of this script's own
    try:
        from handler.answering import Answering
        from handler.metrics import COUNTERS, HISTOGRAMS, Metrics

        metrics = Metrics({name: Reported(name, values) for name in (*COUNTERS, *HISTOGRAMS)}, model)
        answering = Answering(Path(folder), model, version, "starlette", metrics)
    except Exception:
        with connected(address) as connection:
            connection.sendall(packed({"failed": traceback.format_exc()}))
        sys.exit(1)

    def serve(started: float) -> None:
        from handler.answering import Request

        with connected(address) as connection, connection.makefile("rb") as stream:
            connection.sendall(packed({"pid": os.getpid(), "load_s": time.monotonic() - started}))
            while (batch := received(stream)) is not None:
                responses = answering.answer([Request(*request) for request in batch])
                metrics.flush()
                answers = [(r.status.code, r.status.phrase, r.content_type, dict(r.headers), r.body) for r in responses]
                connection.sendall(packed({"answers": answers, "metrics": values, "log": lines.kept}))
                values.clear()
                lines.kept.clear()

    running: dict[int, float] = {}
    while os.getppid() == front:
        while len(running) < int(count):
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                serve(started)
                os._exit(0)
            running[pid] = time.monotonic()
        pid, _ = os.wait()
        if time.monotonic() - running.pop(pid) < SHORT_LIFE_S:
            time.sleep(SHORT_LIFE_S)
        started = time.monotonic()


def connected(address: str) -> socket.socket:
    """A connection to the front."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    return connection


if __name__ == "__main__":
    main(*sys.argv[1:])
