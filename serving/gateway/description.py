"""What a gateway is to be, and what its supervisor reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serving.engines import TORCHSERVE
from serving.gateway.certificate import Certificate
from serving.gateway.configuration import Settings
from serving.gateway.keys import KeyFile
from serving.settings import Ports

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - only compared


class Observer(Protocol):
    """What the supervisor reports."""

    def packing(self, archive: Path) -> None:
        """The default archive is missing or out of date; it is packed now."""

    def waiting(self, seconds: float) -> None:
        """Not ready yet, after so many seconds; called several times a second."""

    def ready(self, seconds: float) -> None:
        """The gateway answers, so many seconds after the start."""

    def note(self, message: str) -> None:
        """Something happened that an operator wants to know."""

    def stopping(self) -> None:
        """A signal came; requests under way are finished first."""


@dataclass(frozen=True)
class Gateway:
    """What is to be run.

    Attributes:
        settings: of Envoy; the ports of the page, of gRPC and of the comparison are filled in here.
        local_nodes: how many nodes are started on this machine.
        ports: of the first of them.
        node_urls: nodes that run elsewhere.
        nodes_file: a file with more of them, one address a line; read again when it changes.
        key_file: the API keys.
        certificate: the operator's; None for one of our own, kept in `state_folder`.
        state_folder: what is kept from one run to the next.
        log_folder: created where missing.
        archive: the .mar of the local nodes; None for the registry's champion, or where there is no registry the
            default one.
        timeout_s: how long the nodes may take to be ready.
        allowed_hosts: further names that the page is served under; see `serving.hosts`.
        digest: `sha256:HEX` of the archive; None for what the file beside it says.
        engine: of the local nodes, one of `serving.engines.ENGINES`.
    """

    settings: Settings
    local_nodes: int
    ports: Ports
    node_urls: Sequence[str]
    nodes_file: Path | None
    key_file: KeyFile
    certificate: Certificate | None
    state_folder: Path
    log_folder: Path
    archive: Path | None
    timeout_s: float
    allowed_hosts: Sequence[str] = ()
    digest: str | None = None
    engine: str = TORCHSERVE

    @property
    def url(self) -> str:
        """Where the gateway answers: on every address of the machine, by a name that it is served under."""
        scheme = "https" if self.settings.uses_tls else "http"
        host = self.settings.address
        if host == EVERY_ADDRESS:
            host = next((name for name in self.allowed_hosts if not name.startswith(".")), "localhost")
        return f"{scheme}://{host}:{self.settings.port}"
