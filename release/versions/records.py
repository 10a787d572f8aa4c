"""What the registry tells of versions, changes and servers; free of what it takes to open it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Version:
    """A network that may serve.

    Attributes:
        name: answers carry it.
        created: when the network was exported.
        parent: the version that it was taught from.
        sha256, network_sha256: of its archive, and of its TorchScript file.
        metrics: figures on every set that it was measured on, by the set's name.
        taught: `data`, the SHA-256 of each file that it was trained on, and `corrections`, their ids.
        seed, commit: of its training.
    """

    name: str
    created: datetime
    parent: str | None
    sha256: str
    network_sha256: str
    metrics: dict[str, Any]
    taught: dict[str, Any]
    seed: int | None
    commit: str | None


@dataclass(frozen=True)
class Trial:
    """A version that answers a share of the requests, in per cent; with 0 it is asked and compared, never answered."""

    version: str
    share: int


@dataclass(frozen=True)
class Deployment:
    """What shall be served.

    Attributes:
        change: number of the change that made it so.
        champion: answers where a request names no version.
        before: the champion that a rollback returns to; it stays loaded.
        trial: a version on trial.
    """

    change: int
    champion: str
    before: str | None
    trial: Trial | None


@dataclass(frozen=True)
class Change:
    """One change of what is served: promote, rollback, try, drop, or refused by a server."""

    number: int
    kind: str
    version: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Server:
    """A supervisor that serves versions.

    Attributes:
        id: one for each process.
        address: where it answers.
        change: the last change that it has made true.
        problem: why it could not serve a later one; empty where there is none.
        seen: when it reported this.
    """

    id: str
    address: str
    change: int
    problem: str
    seen: datetime
