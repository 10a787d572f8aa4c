"""The nodes behind a gateway, its own and further ones: which may be asked, and which versions they have loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from model.errors import OperatorError
from release.archive_digest import CheckedArchive
from serving.engines import TORCHSERVE, starter_of
from serving.followed_versions import Wanted
from serving.gateway.configuration import Asked, Node
from serving.gateway.description import Gateway
from serving.gateway.nodes import LocalNode


class Fleet:
    """All nodes of one gateway.

    Args:
        gateway: names the further nodes, and says how many there are on this machine.
        wanted: what those of this machine serve from their first start on.
        on_end: called from another thread, with a node of this machine that has ended, whatever the cause.

    Attributes:
        local: the nodes of this machine.
        resting: one of them that is not to be asked.
    """

    def __init__(self, gateway: Gateway, wanted: Wanted, on_end: Callable[[LocalNode], None]) -> None:
        self._gateway = gateway
        self.local: Sequence[LocalNode] = []
        self.resting: LocalNode | None = None
        if gateway.local_nodes:
            start_engine, archives = starter_of(gateway.engine), self.holdable(wanted)
            self.local = [
                LocalNode(number, gateway.ports, archives, start_engine, gateway.log_folder, on_end)
                for number in range(gateway.local_nodes)
            ]

    def holdable(self, wanted: Wanted) -> tuple[CheckedArchive, ...]:
        """Those archives that a node can hold at once: Starlette serves one version at a time."""
        return wanted.archives if self._gateway.engine == TORCHSERVE else wanted.archives[:1]

    def is_ready(self) -> bool:
        """Whether all nodes of this machine have loaded their model."""
        return all(node.is_ready() for node in self.local)

    def asked(self) -> Asked:
        """The nodes that may be asked, and how many requests they may hold together.

        A node that is restarted counts: the others hold its share for these seconds, longer queues and all.

        Raises:
            OperatorError, OSError: the file of further nodes cannot be used.
        """
        addresses = self._addresses()
        resting = self.resting.address if self.resting else None
        return Asked([node for node in addresses if node != resting], len(addresses))

    def takes_trials(self) -> bool:
        """Whether every node has a version on trial loaded."""
        try:
            return self._gateway.engine == TORCHSERVE and len(self._addresses()) == len(self.local)
        except (OperatorError, OSError):  # the file of further nodes cannot be used, which is told elsewhere
            return False

    def loaded(self, champion: str) -> list[str]:
        """The versions that every running node of this machine has loaded, the champion always among them."""
        loaded = {champion}.union(*(node.loaded for node in self.local))
        for node in self.local:
            loaded.intersection_update(node.loaded or loaded)
        return sorted(loaded)

    def _addresses(self) -> list[Node]:
        gateway = self._gateway
        urls = [*gateway.node_urls, *(lines_of(gateway.nodes_file) if gateway.nodes_file else ())]
        return [node.address for node in self.local] + [Node.parse(url) for url in urls]


def lines_of(file: Path) -> Iterator[str]:
    """The lines of a file but empty ones and comments."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if stripped := line.partition("#")[0].strip():
            yield stripped
