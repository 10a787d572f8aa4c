"""A server follows a real registry: told of each change, and telling what it made of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Queue

import pytest

from model.locations import RELEASED, ROOT
from release.versions.deployments import _change, _current
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE, database_file, store_folder
from release.versions.records import Trial
from release.versions.registry import Registry
from serving.followed_versions import FollowedVersions, Wanted, first_wanted
from tests.waiting import TIMEOUT_S, eventually


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    assert first_wanted() is None  # without a registry nothing is opened, and none begun
    assert not database_file().exists()
    with closing(Registry.open()) as opened:
        opened.add(RELEASED, "1.1")
        yield opened


@pytest.fixture
def changes() -> Queue[Wanted]:
    return Queue()


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def followed(registry: Registry, changes: Queue[Wanted], notes: list[str]) -> Iterator[FollowedVersions]:
    wanted = first_wanted()
    assert wanted is not None
    following = FollowedVersions("http://here", wanted.change, changes.put, notes.append, lambda: {"asked": 3})
    following.start()
    yield following
    following.stop()
    assert registry.servers() == []


@contextmanager
def renamed(registry: Registry, table: str) -> Iterator[None]:
    """Every question about this table fails for the length of a `with` block."""

    def rename(old: str, new: str) -> None:
        with registry._database.writing() as session:
            session.connection().exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    rename(table, "gone")
    yield
    rename("gone", table)


def test_without_a_registry_nothing_that_a_database_takes_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys, scripts.serve, scripts.gateway; from serving.followed_versions import first_wanted; "
        "print(first_wanted(), *{'sqlalchemy', 'alembic', 'psycopg'} & set(sys.modules))"
    )
    environment = {name: value for name, value in os.environ.items() if name != DATABASE_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {STATE_VARIABLE: str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    assert done.stdout.split() == ["None"]


def test_a_change_is_passed_on_and_reported_when_it_is_served(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions
) -> None:
    registry.promote("1.1", "ann")
    wanted = changes.get(timeout=TIMEOUT_S)
    assert (wanted.champion, len(wanted.archives), wanted.needed) == ("1.1", 2, ["1.1"])
    eventually(lambda: [server.change for server in registry.servers()] == [1])
    followed.served(wanted.change)
    eventually(lambda: [server.change for server in registry.servers()] == [wanted.change])
    eventually(lambda: registry.trial_figures(wanted.change) == {"asked": 3})
    assert changes.empty()


def test_what_cannot_be_served_is_taken_back(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions
) -> None:
    registry.start_trial("1.1", 10, "ann")
    tried = changes.get(timeout=TIMEOUT_S)
    assert (tried.trial, tried.needed) == (Trial("1.1", 10), ["1.0", "1.1"])
    followed.refuse(tried.change, "no room for it")
    back = changes.get(timeout=TIMEOUT_S)
    assert (back.change, back.trial) == (tried.change + 1, None)
    [last, *_] = registry.history()
    assert (last.kind, last.version, last.by, last.reason) == ("refused", "1.1", "http://here", "no room for it")


def test_a_version_whose_files_were_changed_is_taken_back(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions
) -> None:
    (store_folder() / "1.1" / "mnist.mar").write_bytes(b"other")
    registry.promote("1.1", "ann")
    back = changes.get(timeout=TIMEOUT_S)
    assert back.champion == "1.0"
    assert "SHA-256" in registry.history()[0].reason


def test_what_is_refused_while_the_registry_fails_is_taken_back_later(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions, notes: list[str]
) -> None:
    registry.promote("1.1", "ann")
    wanted = changes.get(timeout=TIMEOUT_S)
    with renamed(registry, "deployment"):
        followed.refuse(wanted.change, "no room for it")
        eventually(lambda: len(notes) == 1)
    assert changes.get(timeout=TIMEOUT_S).champion == "1.0"
    assert registry.history()[0].reason == "no room for it"


def test_a_registry_that_fails_takes_no_change_back(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions, notes: list[str]
) -> None:
    with renamed(registry, "versions"):
        with registry._database.writing() as session:  # as another process would, which has read `versions` before
            current = _current(session)
            _change(session, current, "promote", "1.1", "ann", champion="1.1", back=current.number)
        eventually(lambda: len(notes) == 1)
    assert changes.get(timeout=TIMEOUT_S).champion == "1.1"
    assert registry.history()[0].kind == "promote"


def test_a_registry_that_fails_is_told_of_once_and_followed_again(
    registry: Registry, changes: Queue[Wanted], followed: FollowedVersions, notes: list[str]
) -> None:
    eventually(lambda: len(registry.servers()) == 1)
    with renamed(registry, "deployment"):
        eventually(lambda: len(notes) == 1)
    assert "what was served is served on" in notes[0]
    registry.promote("1.1", "ann")
    assert changes.get(timeout=TIMEOUT_S).champion == "1.1"
    assert len(notes) == 1
