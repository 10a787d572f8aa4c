"""Follows the registry of versions: which are to be served, and which change a server has made true.

The registry is asked from a thread of its own, so that no request waits for a database. While it does not answer, what
was served last is served on.
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from model.errors import ArtifactError, OperatorError
from release.archive import version_of
from release.archive_digest import CheckedArchive
from release.versions.locations import has_registry
from release.versions.records import Deployment, Server, Trial

if TYPE_CHECKING:  # imported where there is a registry: SQLAlchemy and Alembic are nothing to wait for elsewhere
    from release.versions.registry import Registry

FOLLOW_INTERVAL_S = 0.3
REPORT_INTERVAL_S = 1.0


@dataclass(frozen=True)
class Wanted:
    """What a change wants to be served.

    Attributes:
        change: its number in the registry; 0 where no registry is followed.
        archives: the champion, then the way back and the version on trial, as far as there are any.
        trial: the version on trial and its share, or None.
    """

    change: int
    archives: tuple[CheckedArchive, ...]
    trial: Trial | None = None

    @cached_property
    def champion(self) -> str:
        """The version that answers where a request names none."""
        return version_of(self.archives[0])

    @property
    def needed(self) -> list[str]:
        """The versions without which this change is not true: the way back may have yet to be loaded."""
        return [self.champion, *([self.trial.version] if self.trial else [])]


def first_wanted() -> Wanted | None:
    """What the registry wants to be served now; None where there is no registry.

    Raises:
        OperatorError: the registry does not answer, or an archive is missing or has another digest.
        OSError: an archive cannot be read.
    """
    if not has_registry():
        return None
    from release.versions.registry import Registry

    with closing(Registry.open()) as registry:
        return _wanted(registry, registry.deployment())


def _wanted(registry: Registry, deployment: Deployment) -> Wanted:
    trial = deployment.trial
    names = dict.fromkeys([deployment.champion, deployment.before, trial.version if trial else None])
    archives = tuple(registry.archive(name) for name in names if name is not None)
    return Wanted(deployment.change, archives, trial)


class FollowedVersions:
    """Tells a supervisor of each change of the registry, and the registry of each that was made true.

    Args:
        address: where the supervisor's service answers, for who lists the servers.
        current: the change that is served from the start.
        on_change: called from the thread that follows, with what is wanted now.
        note: called from there with what an operator wants to know.
        trial_figures: what came of the trial that runs; the registry keeps it.
    """

    def __init__(
        self,
        address: str,
        current: int,
        on_change: Callable[[Wanted], None],
        note: Callable[[str], None],
        trial_figures: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._id = f"{socket.gethostname()}:{os.getpid()}"
        self._address, self._on_change, self._note = address, on_change, note
        self._trial_figures = trial_figures
        self._seen = self._served = current
        self._problem = ""
        self._refused: deque[tuple[int, str]] = deque()
        self._registry: Registry | None = None
        self._reported: tuple[int, str, int] | None = None
        self._complaint = ""
        self._is_over = Event()
        self._thread = Thread(target=self._follow, name="versions", daemon=True)

    def start(self) -> None:
        """Follow from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer; the registry forgets this server."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def served(self, change: int) -> None:
        """A change is true now: what it wants is served."""
        self._served, self._problem = change, ""

    def refuse(self, change: int, reason: str) -> None:
        """A change cannot be made true here; the registry takes it back where no other has come since."""
        self._problem = reason
        self._refused.append((change, reason))

    def _follow(self) -> None:
        while not self._is_over.wait(FOLLOW_INTERVAL_S):
            self._try(self._look)
        self._try(lambda registry: registry.forget_server(self._id))
        if self._registry is not None:
            self._registry.close()

    def _try(self, act: Callable[[Registry], None]) -> None:
        """Do something with the registry, where there is one; say once that it does not answer."""
        try:
            if self._registry is None and has_registry():
                from release.versions.registry import Registry

                self._registry = Registry.open()
            if self._registry is not None:
                act(self._registry)
            self._complaint = ""
        except (OperatorError, OSError) as error:
            if str(error) != self._complaint:
                self._note(f"{error}; what was served is served on")
            self._complaint = str(error)

    def _look(self, registry: Registry) -> None:
        """Report to the registry, and pass on what it wants now; what it does not take in is told again."""
        while self._refused:
            registry.refuse(*self._refused[0], by=self._address)
            self._refused.popleft()
        deployment = registry.deployment()
        if deployment.change != self._seen:
            try:
                wanted = _wanted(registry, deployment)
            except (ArtifactError, OSError) as error:  # not where the registry fails to answer: it is asked again
                self.refuse(deployment.change, str(error))
            else:
                self._on_change(wanted)
            self._seen = deployment.change
        report = (self._served, self._problem, int(time.monotonic() / REPORT_INTERVAL_S))
        if report != self._reported:
            registry.report(Server(self._id, self._address, self._served, self._problem, datetime.now(UTC)))
            self._reported = report
            if figures := self._trial_figures():
                registry.record_trial(self._served, figures)
