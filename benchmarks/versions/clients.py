"""Clients that ask a server without pause and keep which version answered, and when."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT_S = 60.0
RECONNECT_S = 0.05


@dataclass
class Asked:
    """What came back so far.

    Attributes:
        versions: right answers by the version that gave them.
        lost: everything else, in words.
    """

    versions: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    _awaited: str = ""
    _came_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def requests(self) -> int:
        """How many were asked."""
        return self.versions.total() + self.lost.total()

    def answered(self, version: str) -> None:
        """Count a right answer."""
        with self._lock:
            self.versions[version] += 1
            if version == self._awaited and self._came_at is None:
                self._came_at = time.monotonic()

    def lose(self, instead: str) -> None:
        """Count a request that was not answered rightly."""
        with self._lock:
            self.lost[instead] += 1

    def first_answer_s(self, version: str, make: Callable[[], object]) -> float:
        """Seconds from the call of something until a version answers."""
        with self._lock:
            self._awaited, self._came_at = version, None
        started = time.monotonic()
        make()
        while self._came_at is None and time.monotonic() < started + TIMEOUT_S:
            time.sleep(0.01)
        return (self._came_at or float("inf")) - started


@contextmanager
def asking(url: str, clients: int, picture: bytes, label: str) -> Iterator[Asked]:
    """Ask for the length of a `with` block.

    Args:
        url: of predictions; of TLS any certificate will do.
        clients: each with one connection.
        picture: what is sent.
        label: what is to be read in it.
    """
    asked = Asked()
    is_over = threading.Event()
    parts = urlsplit(url)
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE

    def connect() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            return http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT_S, context=tls)
        return http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S)

    def client() -> None:
        connection = connect()
        while not is_over.is_set():
            try:
                connection.request("POST", parts.path, picture)
                answer = connection.getresponse()
                body = answer.read()
                content = json.loads(body) if answer.status == 200 else {}
            except (OSError, http.client.HTTPException, ValueError) as error:
                asked.lose(type(error).__name__)
                connection.close()
                time.sleep(RECONNECT_S)
            else:
                if content.get("label") == label:
                    asked.answered(content["version"])
                else:
                    asked.lose(f"{answer.status} {body[:120].decode(errors='replace')}")
        connection.close()

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
