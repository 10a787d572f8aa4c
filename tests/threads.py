"""Lets several threads do the same at once."""

from __future__ import annotations

import threading
from collections.abc import Callable


def at_once(times: int, work: Callable[[], object]) -> list[BaseException]:
    """Do something in so many threads, and wait for them; returns what they raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
