"""Changes what the local nodes serve, one node after the other, while the others answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from model.errors import OperatorError
from release.archive import version_of
from release.archive_digest import CheckedArchive
from serving.asked_versions import ask_versions
from serving.followed_versions import Wanted
from serving.gateway.nodes import LocalNode
from serving.settings import ServeError


class Front(Protocol):
    """What stands in front of the nodes."""

    def resting(self, node: LocalNode) -> AbstractContextManager[None]:
        """Ask this node nothing for the length of a `with` block; it begins once what was sent before is under way."""

    def turn(self) -> None:
        """Do what has come up meanwhile; returns after at most some tenths of a second."""

    def is_over(self) -> bool:
        """Whether everything is to end now."""


def roll_out(wanted: Wanted, nodes: Sequence[LocalNode], front: Front, timeout_s: float) -> None:
    """Let all nodes serve what is wanted: by a word where they have loaded it, else by a restart, one by one.

    Args:
        wanted: what to serve.
        nodes: of this machine.
        front: what is kept from asking a node that is restarted.
        timeout_s: how long a node may take to load what is wanted.

    Raises:
        OperatorError, OSError: a node cannot; all serve what they served before.
    """
    changed: list[tuple[LocalNode, Sequence[CheckedArchive]]] = []
    try:
        for node in nodes:
            changed.append((node, node.archives))
            node.archives = wanted.archives
            if not node.has_loaded(wanted.needed):
                with front.resting(node):
                    _start_anew(node, front, timeout_s)
            node.set_default(wanted.champion)
    except (OperatorError, OSError):
        for node, archives in reversed(changed):
            node.archives = archives
            _go_back(node, front, timeout_s)
        raise


def restart(node: LocalNode, front: Front, timeout_s: float) -> None:
    """Restart a node while it is asked nothing.

    Raises:
        OperatorError, OSError: it cannot be started, or does not answer; it is started again later.
    """
    with front.resting(node):
        _start_anew(node, front, timeout_s)


def _go_back(node: LocalNode, front: Front, timeout_s: float) -> None:
    version = version_of(node.archives[0])
    try:
        if not node.has_loaded([version]):
            restart(node, front, timeout_s)
        node.set_default(version)
    except (OperatorError, OSError):
        node.start_later()


def _start_anew(node: LocalNode, front: Front, timeout_s: float) -> None:
    node.stop()
    try:
        node.start()
    except (OperatorError, OSError):  # its port is taken, say
        node.start_later()
        raise
    deadline = time.monotonic() + timeout_s
    while not node.is_ready():
        if front.is_over():
            return
        if lines := node.load_failure():
            raise ServeError(f"node {node.number} cannot load version {version_of(node.archives[0])}: {lines[-1]}")
        if time.monotonic() > deadline:
            raise ServeError(f"node {node.number} was not ready within {timeout_s:g} s")
        front.turn()
    ask_versions(node.ports, node.loaded)
