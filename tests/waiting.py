"""Waits for what another process brings about."""

import time
from collections.abc import Callable

TIMEOUT_S = 20.0
INTERVAL_S = 0.05


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail where it does not within `TIMEOUT_S`."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(INTERVAL_S)
