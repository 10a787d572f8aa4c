"""What is told of a change depends on what is in force at the end of the wait, not on what servers say alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.locations import RELEASED
from release.versions.changing import Done, RefusedError, change
from release.versions.database import RegistryError
from release.versions.records import Server
from release.versions.registry import Registry


@pytest.fixture
def registry(state: Path) -> Iterator[Registry]:
    """A registry with the versions 1.0 and 1.1, which one server follows."""
    with closing(Registry.open()) as opened:
        opened.add(RELEASED, "1.1")
        report(opened, opened.deployment().change)
        yield opened


def report(registry: Registry, number: int) -> None:
    registry.report(Server("a:1", "https://here", number, "", datetime.now(UTC)))


def promoted(registry: Registry, on_wait: Callable[[float], None]) -> Done:
    return change(registry, lambda: registry.promote("1.1", "ann"), on_wait)


def test_a_change_is_done_once_the_server_reports_it(registry: Registry) -> None:
    waited: list[float] = []

    def serve(seconds: float) -> None:
        waited.append(seconds)
        report(registry, registry.deployment().change)

    done = promoted(registry, serve)
    assert (done.deployment.champion, done.servers, len(waited)) == ("1.1", 1, 1)


def test_a_server_that_refuses_and_is_back_at_once_has_not_made_the_change(registry: Registry) -> None:
    def refuse(seconds: float) -> None:
        back = registry.refuse(registry.deployment().change, "its worker dies", "https://here")
        assert back is not None
        report(registry, back.change)

    with pytest.raises(RefusedError, match=r"version 1\.1 is refused, 1\.0 serves on: its worker dies"):
        promoted(registry, refuse)


def test_a_change_that_another_one_overtook_is_not_told_as_done(registry: Registry) -> None:
    def overtake(seconds: float) -> None:
        report(registry, registry.rollback("bob").change)

    with pytest.raises(RegistryError, match=r"another change came between \(rollback 1\.0\); 1\.0 is champion"):
        promoted(registry, overtake)
