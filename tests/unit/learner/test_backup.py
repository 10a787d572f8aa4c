"""A backup holds corrections, jobs and versions, and brings them back where there is nothing yet."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from learner.backup import BackupError, back_up, restore
from learner.corrections import Corrections
from learner.jobs.queue import Queue
from learner.tables import SCHEMA
from model.locations import RELEASED
from release.versions.database import Database
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from release.versions.registry import Registry
from tests.unit.learner.conftest import correction


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with two corrections, a job, and a version beside the released one."""
    folder = tmp_path / "state"
    monkeypatch.setenv(STATE_VARIABLE, str(folder))
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    with closing(Registry.open()) as registry, closing(Database(SCHEMA)) as database:
        registry.add(RELEASED, "1.1")
        Corrections(database).add([correction(4), correction(7)], "ann")
        Queue(database).ask("ann", is_full=False, promotes=True)
    return folder


def test_what_was_backed_up_comes_back_whole(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "learner.tgz"
    assert "keys are not in it" in back_up(file)
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "other"))
    restore(file)
    with closing(Registry.open()) as registry, closing(Database(SCHEMA)) as database:
        assert [version.name for version in registry.versions()] == ["1.0", "1.1"]
        assert registry.archive("1.1").content
        assert {one.label for _, one in Corrections(database).all()} == {"4", "7"}
        assert [job.by for job in Queue(database).listed(5)] == ["ann"]


def test_nothing_is_overwritten_and_nothing_is_made_of_another_file(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "learner.tgz"
    back_up(file)
    with pytest.raises(BackupError, match="exists; move"):
        restore(file)
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "other"))
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(tmp_path / "empty.tgz")
    (tmp_path / "words.tgz").write_text("words")
    with pytest.raises(BackupError, match="is no backup"):
        restore(tmp_path / "words.tgz")
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://db.example/digits")
    with pytest.raises(BackupError, match="pg_dump"):
        back_up(file)
