"""What the routes of the service share."""

from __future__ import annotations

from dataclasses import dataclass

from learner.corrections import Corrections
from learner.jobs.queue import Queue
from release.versions.registry import Registry


@dataclass(frozen=True)
class Parts:
    """One service.

    Attributes:
        corrections: that were sent.
        queue: of the jobs.
        registry: of the versions.
        promotes: whether a job's version is served at once where the request does not say.
    """

    corrections: Corrections
    queue: Queue
    registry: Registry
    promotes: bool
