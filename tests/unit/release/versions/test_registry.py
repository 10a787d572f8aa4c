"""What the registry keeps, what it refuses, and that there is one champion whatever happens at the same time."""

from __future__ import annotations

import itertools
import shutil
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from model.errors import ArtifactError
from release.archive import version_of
from release.versions.database import RegistryError
from release.versions.locations import has_registry, store_folder
from release.versions.records import Server, Trial
from release.versions.registry import Registry
from tests.unit.release.versions.conftest import Exported


@pytest.fixture
def three(registry: Registry, exported: Exported) -> Registry:
    """A registry with the versions 1.0, 1.1 and 1.2, the first of them champion."""
    for name in ("1.1", "1.2"):
        registry.add(exported(name), parent="1.0")
    return registry


def test_a_new_registry_serves_the_released_network(registry: Registry) -> None:
    [version] = registry.versions()
    deployment = registry.deployment()
    assert (version.name, version.parent, version.seed) == ("1.0", None, 1)
    assert version.metrics["MNIST validation"]["accuracy"] > 0.99
    assert "train-images-idx3-ubyte" in version.taught["data"]
    assert (deployment.champion, deployment.before, deployment.trial) == ("1.0", None, None)
    assert has_registry()


def test_a_version_is_packed_under_its_name(three: Registry) -> None:
    assert [version.name for version in three.versions()] == ["1.0", "1.1", "1.2"]
    assert three.version("1.1").parent == "1.0"
    assert version_of(three.archive("1.1")) == "1.1"
    assert three.archive("1.1").sha256 == three.version("1.1").sha256 != three.version("1.0").sha256


def test_the_same_network_is_added_once_and_another_under_its_name_refused(three: Registry, exported: Exported) -> None:
    again = exported("again")
    assert three.add(again, name="1.1") == three.version("1.1")
    other = bytearray((again / "mnist.pt").read_bytes())
    other[-1] ^= 1
    (again / "mnist.pt").write_bytes(other)
    with pytest.raises(ArtifactError):
        three.add(again, name="1.1")
    assert not [folder for folder in store_folder().iterdir() if folder.name.startswith(".")]


def test_the_same_network_with_other_metadata_is_another_archive(three: Registry, exported: Exported) -> None:
    recalibrated = exported("1.1", "recalibrated", rejection={"threshold": 123.0})
    with pytest.raises(RegistryError, match=r"version 1\.1 exists already, with another .*metadata.*another name"):
        three.add(recalibrated)
    assert three.add(recalibrated, "1.3").sha256 != three.version("1.1").sha256


@pytest.mark.parametrize("broken", [{"created": "yesterday"}, {"created": None}, {"metrics": None}])
def test_metadata_that_no_row_can_be_made_of_is_refused(
    registry: Registry, exported: Exported, broken: dict[str, object]
) -> None:
    with pytest.raises(ArtifactError, match=r"mnist\.json must have `version`, `created`"):
        registry.add(exported("1.1", **broken))


@pytest.mark.parametrize("name", ["", "../1.1", "a b", ".hidden", "x" * 41])
def test_what_is_no_name_is_refused(registry: Registry, exported: Exported, name: str) -> None:
    with pytest.raises((RegistryError, ArtifactError)):
        registry.add(exported(name, "unnamed"))


def test_an_archive_that_was_changed_is_not_loaded(three: Registry) -> None:
    file = store_folder() / "1.1" / "mnist.mar"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(ArtifactError, match="SHA-256"):
        three.archive("1.1")
    shutil.rmtree(file.parent)
    with pytest.raises(ArtifactError, match="missing"):
        three.archive("1.1")


def test_rollbacks_go_back_the_way_of_the_promotions(three: Registry) -> None:
    three.promote("1.1", "ann")
    assert three.promote("1.2", "ann").before == "1.1"
    ways = [(d.champion, d.before) for d in (three.rollback("ann"), three.rollback("ann"))]
    assert ways == [("1.1", "1.0"), ("1.0", None)]
    with pytest.raises(RegistryError, match=r"no champion before version 1\.0"):
        three.rollback("ann")


def test_a_trial_changes_no_champion_and_ends_by_drop_and_by_promotion(three: Registry) -> None:
    three.promote("1.1", "ann")
    tried = three.start_trial("1.2", 10, "ann")
    assert (tried.champion, tried.before, tried.trial) == ("1.1", "1.0", Trial("1.2", 10))
    three.record_trial(tried.change, {"asked": 7})
    assert three.trial_figures(tried.change) == {"asked": 7}
    assert three.end_trial("ann").trial is None
    three.start_trial("1.2", 0, "ann")
    promoted = three.promote("1.2", "ann")
    assert (promoted.champion, promoted.before, promoted.trial) == ("1.2", "1.1", None)


def test_what_a_server_cannot_serve_is_taken_back_once(three: Registry) -> None:
    three.start_trial("1.1", 5, "ann")
    promoted = three.promote("1.2", "ann")
    back = three.refuse(promoted.change, "its worker dies", "node 0")
    assert back is not None
    assert (back.champion, back.before, back.trial) == ("1.0", None, Trial("1.1", 5))
    assert three.refuse(promoted.change, "its worker dies", "node 1") is None
    [last, *_] = three.history()
    assert (last.kind, last.version, last.by, last.reason) == ("refused", "1.2", "node 0", "its worker dies")


def test_what_was_refused_does_not_come_back_where_the_champion_cannot_be_served_either(three: Registry) -> None:
    back = three.refuse(three.promote("1.1", "ann").change, "its worker dies", "node 0")
    assert back is not None
    assert three.refuse(back.change, "the folder of the versions is gone", "node 0") is None
    assert three.deployment() == back


def test_what_cannot_be_asked_for_is_refused_in_words(three: Registry) -> None:
    with pytest.raises(RegistryError, match=r"no version '7'; there are 1\.0, 1\.1, 1\.2"):
        three.promote("7", "ann")
    with pytest.raises(RegistryError, match="the champion already"):
        three.promote("1.0", "ann")
    with pytest.raises(RegistryError, match="another one goes on trial"):
        three.start_trial("1.0", 10, "ann")
    with pytest.raises(RegistryError, match="accepted are 0 to 50 per cent"):
        three.start_trial("1.1", 51, "ann")
    with pytest.raises(RegistryError, match="no version is on trial"):
        three.end_trial("ann")


def test_only_a_version_that_was_never_served_is_removed(three: Registry) -> None:
    three.promote("1.1", "ann")
    three.remove("1.2")
    assert not (store_folder() / "1.2").exists()
    for name in ("1.0", "1.1"):
        with pytest.raises(RegistryError, match="the history keeps it"):
            three.remove(name)


def test_a_removal_that_fails_keeps_the_files_and_one_that_ends_leaves_the_name_free(
    three: Registry, exported: Exported
) -> None:
    before = sorted(store_folder().iterdir())

    def fail(session: Session) -> None:
        raise OSError("no room to commit")

    event.listen(Session, "before_commit", fail)
    try:
        with pytest.raises(OSError, match="no room to commit"):
            three.remove("1.2")
    finally:
        event.remove(Session, "before_commit", fail)
    assert three.archive("1.2").path.exists()
    assert sorted(store_folder().iterdir()) == before
    three.remove("1.2")
    assert sorted(store_folder().iterdir()) == [path for path in before if path.name != "1.2"]
    three.add(exported("1.2", "again"))
    assert three.archive("1.2").path.exists()


def test_of_changes_at_the_same_time_each_builds_on_the_one_before(three: Registry) -> None:
    def flip(name: str) -> None:
        with closing(Registry.open()) as registry:
            for _ in range(10):
                try:
                    registry.promote(name, name)
                except RegistryError as error:
                    refused.append(str(error))

    refused: list[str] = []
    threads = [threading.Thread(target=flip, args=[name]) for name in ("1.1", "1.2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [change for change in three.history(100) if change.kind == "promote"][:-1]
    assert len(done) + len(refused) == 20
    assert all("already" in message or "at the same time" in message for message in refused)
    assert three.deployment().champion == done[0].version
    assert all(later.version != earlier.version for later, earlier in itertools.pairwise(done))


def test_a_server_that_reports_no_longer_does_not_count(registry: Registry) -> None:
    now = datetime.now(UTC)
    alive = Server("a:1", "https://here", 1, "", now)
    registry.report(alive)
    registry.report(Server("a:2", "https://there", 1, "", now - timedelta(seconds=60)))
    assert registry.servers() == [alive]
    registry.report(Server("a:1", "https://here", 2, "", now))
    [server] = registry.servers()
    assert server.change == 2
    registry.forget_server("a:1")
    assert registry.servers() == []


def test_what_is_no_export_is_refused(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="missing"):
        registry.add(tmp_path)
    assert [version.name for version in registry.versions()] == ["1.0"]
