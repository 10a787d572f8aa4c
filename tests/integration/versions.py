"""What the tests of changing versions share: a registry with several of them, and clients that ask all the while."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from benchmarks.versions.offers import BROKEN_HANDLER, replace_in_archive
from release.archive import HANDLER
from release.versions.registry import Registry
from tests.drawing import draw_digit, encoded

SEVEN = encoded(draw_digit(7))
CLIENTS = 2
TIMEOUT_S = 60


def break_handler(registry: Registry, name: str) -> None:
    """Let the archive of a version fail where TorchServe loads its handler, and nowhere else."""
    replace_in_archive(registry, name, {HANDLER.name: BROKEN_HANDLER})


@contextmanager
def asking(session_of: Callable[[], requests.Session], url: str) -> Iterator[Counter[str]]:
    """Clients that ask without pause for the length of a `with` block; counts versions that answered, and all else."""
    outcomes: Counter[str] = Counter()
    is_over = threading.Event()

    def ask() -> None:
        with session_of() as session:
            while not is_over.is_set():
                try:
                    answer = session.post(url, data=SEVEN, timeout=TIMEOUT_S)
                    body = answer.json()
                    right = answer.status_code == 200 and body["label"] == "7"
                    outcomes[body["version"] if right else f"{answer.status_code} {answer.text[:200]}"] += 1
                except (requests.RequestException, json.JSONDecodeError) as error:
                    outcomes[repr(error)] += 1

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
