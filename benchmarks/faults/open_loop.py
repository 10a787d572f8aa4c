"""Clients that send on a schedule, whether or not earlier requests were answered: one loop over many TLS connections.

It shares the processors with what it measures, so it does little: requests are bytes made before, and of an answer it
reads the status, the length, and whether it says when to ask again.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass

from benchmarks.faults.clients import REFUSED, RIGHT, Tally
from benchmarks.faults.gateway_process import GatewayProcess
from model.artifacts import MODEL_NAME

CLOSED = "connection closed"
TICK_S = 0.01
"""How often a schedule is looked at: what is due is sent together, which costs fewer switches between processes."""

LATEST_S = 10.0
"""How long answers are waited for after the last request."""

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
_RETRY_AFTER = b"\r\nretry-after: "


@dataclass(frozen=True)
class Question:
    """What is sent again and again: a picture, and what is read in it."""

    label: str
    picture: bytes

    def request(self, gateway: GatewayProcess) -> bytes:
        """The request over HTTP/1.1; with a key where there is one."""
        keys = gateway.keys.read()
        key = f"Authorization: Bearer {keys[0].secret}\r\n" if keys else ""
        head = f"POST /predictions/{MODEL_NAME} HTTP/1.1\r\nHost: localhost\r\n{key}Content-Length: {len(self.picture)}"
        return f"{head}\r\n\r\n".encode() + self.picture


class Flood:
    """Connections of one gateway, each with one request at a time.

    Args:
        gateway: any.
        question: sent each time.
        connections: how many.
    """

    def __init__(self, gateway: GatewayProcess, question: Question, connections: int) -> None:
        self._request, self._label = question.request(gateway), question.label
        self._selector = selectors.DefaultSelector()
        self._free: deque[_Connection] = deque()
        self._waiting = 0
        context = ssl.create_default_context(cadata=gateway.certificate.read_text(encoding="ascii"))
        host, _, port = gateway.url.partition("://")[2].partition(":")
        for _ in range(connections):
            wrapped = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
            wrapped.setblocking(False)
            connection = _Connection(wrapped)
            self._selector.register(wrapped, selectors.EVENT_READ, connection)
            self._free.append(connection)

    def __enter__(self) -> Flood:
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()

    def send(self, seconds: float, requests_per_s: float | None = None) -> Tally:
        """Send for so long, and wait for the answers, `LATEST_S` at most.

        Args:
            seconds: how long requests become due.
            requests_per_s: how many, evenly; None for one whenever a connection is free.

        Returns:
            What came back; the seconds of each count from when it was due, though no connection was free.
        """
        tally, started = Tally(), time.monotonic()
        ends = started + seconds
        planned = round(seconds * requests_per_s) if requests_per_s else 0
        schedule = deque(started + number * seconds / planned for number in range(planned))
        while (now := time.monotonic()) < ends or ((schedule or self._waiting) and now < ends + LATEST_S):
            while self._free and schedule and schedule[0] <= now:
                self._ask(schedule.popleft())
            while self._free and not planned and now < ends:
                self._ask(now)
            if planned:
                time.sleep(TICK_S)
            self._receive(tally, 0 if planned else TICK_S)
        if unanswered := self._waiting + len(schedule):
            tally.outcomes["no answer"] += unanswered
        return tally

    def _ask(self, due: float) -> None:
        connection = self._free.popleft()
        connection.due = due
        connection.socket.send(self._request)
        self._waiting += 1

    def _receive(self, tally: Tally, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            connection: _Connection = key.data
            outcome = connection.answer(self._label)
            if outcome is None:
                continue
            self._waiting -= 1
            tally.outcomes[outcome] += 1
            tally.seconds.append(time.monotonic() - connection.due)
            if outcome == CLOSED:
                self._selector.unregister(connection.socket)
                connection.socket.close()
            else:
                self._free.append(connection)


@dataclass
class _Connection:
    socket: ssl.SSLSocket
    due: float = 0.0
    received: bytes = b""

    def answer(self, label: str) -> str | None:
        """What has come, once it is whole."""
        try:
            data = self.socket.recv(2**16)
        except ssl.SSLWantReadError:
            return None
        except OSError:
            return CLOSED
        if not data:
            return CLOSED
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not end or length is None or len(body) < int(length[1]):
            return None
        self.received = b""
        status = head[9:12].decode()
        if status == "200":
            return RIGHT if f'"label": "{label}"'.encode() in body else f"read as {body[:40]!r}"
        is_asked_again = status == "429" or status == "503"
        return f"{REFUSED} {status}" if is_asked_again and _RETRY_AFTER in head else status
