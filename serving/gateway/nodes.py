"""The nodes that the gateway starts itself: one engine each, started again when it ends, restarted in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue

from release.archive_digest import CheckedArchive
from serving.engine import Engine
from serving.engines import EngineStarter
from serving.gateway.configuration import Node
from serving.settings import LOOPBACK, Ports, check_ports_free
from serving.supervisor import stop

NODE_SPACING = 100
"""Ports between two nodes."""

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
"""Before an ended node is started again; doubled each time, unless it has run for `LASTING_S`."""

LASTING_S = 10.0
"""Longer than a node runs that cannot start: its port is taken, say."""


class LocalNode:
    """A node of this machine.

    Args:
        number: from 0; its ports are `NODE_SPACING` apart from those of its neighbours.
        ports: of node 0.
        archives: what it serves, the default first.
        start_engine: see `serving.engines`.
        log_folder: for the logs of all nodes.
        on_end: called from another thread, with the node, when it has ended, whatever the cause.

    Attributes:
        archives: what it serves from its next start on.
    """

    def __init__(
        self,
        number: int,
        ports: Ports,
        archives: Sequence[CheckedArchive],
        start_engine: EngineStarter,
        log_folder: Path,
        on_end: Callable[[LocalNode], None],
    ) -> None:
        self.number = number
        self.ports = ports.moved(ports.inference + NODE_SPACING * number, None)
        self.address = Node(LOOPBACK, self.ports.inference, self.ports.grpc_inference)
        self.archives, self._start_engine = archives, start_engine
        self._log_folder = log_folder / f"node-{number}"
        self._on_end = on_end
        self._engine: Engine | None = None
        self._is_wanted = False
        self._wait_s = FIRST_WAIT_S
        self._started_at = time.monotonic()
        self._start_at: float | None = None

    def start(self) -> None:
        """Start it; it is ready some seconds later.

        Raises:
            ServeError, OSError: it cannot be started.
        """
        check_ports_free(self.ports, with_page=False)
        self._start_at, self._started_at = None, time.monotonic()
        self._is_wanted = True
        self._engine = self._start_engine(self.ports, self.archives, self._log_folder, self._ended, None)

    def _ended(self) -> None:
        if self._is_wanted:
            self._on_end(self)

    def is_ready(self) -> bool:
        """Whether a worker of it has loaded the model."""
        return self._engine is not None and self._engine.is_running() and self._engine.is_ready()

    @property
    def loaded(self) -> list[str]:
        """The versions that it runs with; none where it does not run."""
        return self._engine.loaded if self._engine is not None and self._engine.is_running() else []

    def has_loaded(self, versions: Sequence[str]) -> bool:
        """Whether it runs with all of these versions."""
        return set(versions) <= set(self.loaded)

    def set_default(self, version: str) -> None:
        """Let a version that it has loaded answer from now on where a request names none.

        Raises:
            ServeError: it does not take it over.
        """
        if self._engine is not None and self._engine.default != version:
            self._engine.set_default(version)

    def load_failure(self) -> list[str]:
        """Why its workers cannot load a version, in a few lines; empty while nothing says that they cannot."""
        return self._engine.log.load_failure() if self._engine is not None else []

    def start_later(self) -> float:
        """Start it again after a while, by `start_if_due`; returns the seconds until then."""
        if time.monotonic() - self._started_at > LASTING_S:
            self._wait_s = FIRST_WAIT_S
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, LONGEST_WAIT_S)
        self._start_at = time.monotonic() + wait_s
        return wait_s

    def start_if_due(self) -> None:
        """Start it where `start_later` has said so and the time has come."""
        if self._start_at is not None and time.monotonic() >= self._start_at:
            self.start()

    def stop(self) -> None:
        """End it once it has answered what it holds. Does nothing where it has ended."""
        self._is_wanted, self._start_at = False, None
        if self._engine is not None and self._engine.is_running():
            stop(self._engine, SimpleQueue())
