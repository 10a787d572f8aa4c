"""What a fault may touch, and faults that come again and again."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.faults.gateway_process import GatewayProcess

TAKEN_OVER_S = 2.0
"""Until the gateway has read a new list of nodes, and has asked each for its health."""


@dataclass(frozen=True)
class Setting:
    """A running gateway, how many nodes it has, the file of further ones, and a folder for whatever a fault needs."""

    gateway: GatewayProcess
    nodes: int
    nodes_file: Path
    folder: Path

    @contextmanager
    def further_node(self, url: str) -> Iterator[None]:
        """One more node for the length of a `with` block, which begins once it is asked."""
        before = self.nodes_file.read_text()
        self.nodes_file.write_text(f"{before}\n{url}\n")
        try:
            time.sleep(TAKEN_OVER_S)
            yield
        finally:
            self.nodes_file.write_text(before)


Fault = Callable[[Setting], AbstractContextManager[None]]
"""What happens while clients ask, for the length of a `with` block."""


def every(seconds: float, act: Callable[[Setting], None]) -> Fault:
    """Do something soon and then every so many seconds, from a thread of its own."""

    @contextmanager
    def fault(setting: Setting) -> Iterator[None]:
        is_over = threading.Event()

        def repeat() -> None:
            wait_s = min(1.0, seconds)
            while not is_over.wait(wait_s):
                with contextlib.suppress(psutil.Error, IndexError, OSError):  # it may be starting anew just now
                    act(setting)
                wait_s = seconds

        thread = threading.Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    return fault
