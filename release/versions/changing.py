"""Promotes, tries and takes back versions, and waits until the servers that follow the registry have done it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from release.versions.checks import Finding, check
from release.versions.database import RegistryError
from release.versions.records import Deployment
from release.versions.registry import Registry

POLL_INTERVAL_S = 0.1
TIMEOUT_S = 900.0
"""How long the servers may take; a gateway restarts its nodes one after the other."""


class RefusedError(RegistryError):
    """A version must not be served.

    Attributes:
        findings: what was looked at; empty where a server refused it.
    """

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = findings


@dataclass(frozen=True)
class Done:
    """A change that is in force.

    Attributes:
        deployment: what is served now.
        servers: how many servers serve it; with none it is served from their next start on.
        seconds: from the call until then.
    """

    deployment: Deployment
    servers: int
    seconds: float


def checked(registry: Registry, name: str) -> list[Finding]:
    """The checks of a version beside the champion.

    Raises:
        RefusedError: one failed; `findings` says which.
        OperatorError, OSError: a version is missing, or the champion cannot be asked.
    """
    champion = registry.deployment().champion
    findings = check(registry.archive(name), registry.archive(champion))
    if failed := [finding for finding in findings if not finding.passed]:
        reasons = "; ".join(f"{finding.name}: {finding.value}, accepted: {finding.bound}" for finding in failed)
        raise RefusedError(f"version {name} is refused, {champion} serves on: {reasons}", findings)
    return findings


def change(registry: Registry, make: Callable[[], Deployment], on_wait: Callable[[float], None]) -> Done:
    """Make a change and wait for the servers.

    Args:
        registry: it is made here.
        make: makes it.
        on_wait: called with the seconds waited, several times a second.

    Raises:
        RefusedError: a server could not serve it, so it was taken back.
        RegistryError: `make` refuses, another change came between, or the servers took too long.
    """
    started = time.monotonic()
    following = {server.id for server in registry.servers()}
    wanted = make()
    while True:
        seconds = time.monotonic() - started
        servers = [server for server in registry.servers() if server.id in following]
        if (now := registry.deployment()).change != wanted.change:
            [last, *_] = registry.history(1)
            if last.kind == "refused":
                raise RefusedError(f"version {last.version} is refused, {now.champion} serves on: {last.reason}")
            raise RegistryError(f"another change came between ({last.kind} {last.version}); {now.champion} is champion")
        if all(server.change >= wanted.change for server in servers):
            break  # only now: a server that refused it reports a later change too
        if seconds > TIMEOUT_S:
            late = ", ".join(server.address for server in servers if server.change < wanted.change)
            raise RegistryError(f"not served after {TIMEOUT_S:g} s by {late}; see the log there")
        on_wait(seconds)
        time.sleep(POLL_INTERVAL_S)
    return Done(wanted, len(servers), time.monotonic() - started)
