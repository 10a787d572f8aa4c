"""The order in which nodes are changed, and what they serve after one of them could not be."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest

from release.archive import MANIFEST
from release.archive_digest import CheckedArchive
from serving.followed_versions import Wanted
from serving.gateway import rollout
from serving.gateway.nodes import LocalNode
from serving.gateway.rollout import roll_out
from serving.settings import ServeError


def archive(version: str) -> CheckedArchive:
    """An archive that names its version and holds nothing else."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(MANIFEST, json.dumps({"model": {"modelVersion": version}}))
    return CheckedArchive(Path(f"{version}.mar"), content.getvalue(), version)


ARCHIVES = {name: archive(name) for name in ("1.0", "1.1", "bad")}


class Scripted:
    """A node that loads what it is given, but for the version `bad`; it writes down what happens to it."""

    ports = None

    def __init__(self, number: int, events: list[str], loads_bad: bool) -> None:
        self.number, self.events, self.loads_bad = number, events, loads_bad
        self.archives = (ARCHIVES["1.0"],)
        self.loaded, self.default = ["1.0"], "1.0"

    def has_loaded(self, versions: list[str]) -> bool:
        return set(versions) <= set(self.loaded)

    def start(self) -> None:
        self.loaded = [one.sha256 for one in self.archives]
        self.default = self.loaded[0]
        self.events.append(f"{self.number} starts {' '.join(self.loaded)}")

    def stop(self) -> None:
        self.events.append(f"{self.number} stops")

    def is_ready(self) -> bool:
        return True

    def set_default(self, version: str) -> None:
        if version == "bad" and not self.loads_bad:
            raise ServeError("it cannot")
        if version != self.default:
            self.events.append(f"{self.number} answers by {version}")
        self.default = version


class Front:
    """Writes down which node rests."""

    def __init__(self, events: list[str]) -> None:
        self.events = events

    @contextlib.contextmanager
    def resting(self, node: LocalNode) -> Iterator[None]:
        self.events.append(f"{node.number} rests")
        yield
        self.events.append(f"{node.number} is asked")

    def turn(self) -> None:
        pytest.fail("all nodes are ready at once")

    def is_over(self) -> bool:
        return False


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    happened: list[str] = []
    monkeypatch.setattr(rollout, "ask_versions", lambda ports, versions: happened.append("they answer a picture"))
    return happened


def nodes(events: list[str], *loads_bad: bool) -> list[Any]:
    return [Scripted(number, events, loads) for number, loads in enumerate(loads_bad)]


def wanted(*versions: str) -> Wanted:
    return Wanted(2, tuple(ARCHIVES[name] for name in versions))


def test_a_node_is_asked_again_before_the_next_rests(events: list[str]) -> None:
    both = nodes(events, True, True)
    roll_out(wanted("1.1", "1.0"), cast(list[LocalNode], both), Front(events), 1)
    assert events == [
        *("0 rests", "0 stops", "0 starts 1.1 1.0", "they answer a picture", "0 is asked"),
        *("1 rests", "1 stops", "1 starts 1.1 1.0", "they answer a picture", "1 is asked"),
    ]


def test_a_version_that_is_loaded_needs_no_restart(events: list[str]) -> None:
    both = nodes(events, True, True)
    for node in both:
        node.loaded = ["1.0", "1.1"]
    roll_out(wanted("1.1", "1.0"), cast(list[LocalNode], both), Front(events), 1)
    assert events == ["0 answers by 1.1", "1 answers by 1.1"]


def test_where_one_cannot_all_serve_what_they_served(events: list[str]) -> None:
    both = nodes(events, True, False)
    with pytest.raises(ServeError, match="it cannot"):
        roll_out(wanted("bad", "1.0"), cast(list[LocalNode], both), Front(events), 1)
    assert [node.default for node in both] == ["1.0", "1.0"]
    assert [node.archives for node in both] == [(ARCHIVES["1.0"],)] * 2
    assert "0 answers by 1.0" in events
