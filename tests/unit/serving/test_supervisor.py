"""What the supervisor checks, waits for and reports, with a TorchServe that only the test controls."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import pytest

from model.artifacts import sha256_of
from model.errors import ArtifactError
from release.archive import build_archive
from release.archive_digest import sidecar_of
from serving import supervisor
from serving.settings import ServeError
from serving.supervisor import Event, Events, choose_archive, stop, wait_until_ready
from serving.torchserve import TorchServe
from serving.torchserve_log import CONSOLE_LOG, SERVER_LOG, RunLog

LOAD_FAILED = "2026-11-20T21:47:01,810 [WARN ] W-9000-mnist_1.0 org.pytorch.serve - Load model failed: mnist"


class Scripted:
    """A TorchServe that is ready at its `ready_at`th question, and ends at its `stops`th request to stop."""

    def __init__(self, folder: Path, ready_at: int = 1, stops: int = 1, busy: int = 0) -> None:
        self.log = RunLog(folder)
        self.ready_at, self.stops, self.busy = ready_at, stops, busy

    def is_ready(self) -> bool:
        self.ready_at -= 1
        return self.ready_at <= 0

    def is_busy(self) -> bool:
        self.busy -= 1
        return self.busy >= 0

    def is_running(self) -> bool:
        return self.stops > 0

    def request_stop(self) -> None:
        self.stops -= 1

    def kill(self) -> None:
        raise AssertionError("there was no need for that")


def scripted(folder: Path, **how: int) -> Any:
    return cast(TorchServe, Scripted(folder, **how))


def queued(*events: Event) -> Events:
    queue: Events = SimpleQueue()
    for event in events:
        queue.put(event)
    return queue


def ignore(seconds: float) -> None:
    """Nobody watches."""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "POLL_INTERVAL_S", 0.01)
    monkeypatch.setattr(supervisor, "DRAIN_INTERVAL_S", 0.01)


def test_a_full_disk_is_noticed_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MIN_FREE_BYTES", 2**62)
    with pytest.raises(ServeError, match=r"only \d+ MB free in .*TMPDIR"):
        supervisor.check_disk(tmp_path / "logs")


def test_a_missing_default_archive_is_packed_and_that_is_reported_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = tmp_path / "mnist.mar"
    monkeypatch.setattr(supervisor, "DEFAULT_ARCHIVE", default)
    packed: list[tuple[Path, bool]] = []
    assert choose_archive(None, lambda archive: packed.append((archive, archive.exists()))).path == default
    assert choose_archive(None, lambda archive: pytest.fail("it is up to date")).path == default
    assert packed == [(default, False)]


def test_a_default_archive_of_another_digest_is_packed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = tmp_path / "mnist.mar"
    monkeypatch.setattr(supervisor, "DEFAULT_ARCHIVE", default)
    before = choose_archive(None)
    default.write_bytes(before.content + b"\0")
    packed: list[Path] = []
    assert choose_archive(None, packed.append) == before
    assert packed == [default]


def test_an_archive_is_checked_by_the_digest_that_is_asked_for(tmp_path: Path) -> None:
    archive = build_archive(tmp_path / "mnist.mar")
    sidecar_of(archive).unlink()
    with pytest.raises(ArtifactError, match=r"mnist\.mar cannot be checked, mnist\.mar\.sha256 is missing"):
        choose_archive(archive)
    digest = sha256_of(archive)
    assert choose_archive(archive, digest=f"sha256:{digest}").sha256 == digest
    with pytest.raises(ArtifactError, match=f"has SHA-256 {digest}, not the {'0' * 64} that was asked for"):
        choose_archive(archive, digest=f"sha256:{'0' * 64}")


def test_a_wait_reports_the_seconds_until_a_worker_is_ready(tmp_path: Path) -> None:
    seconds: list[float] = []
    assert wait_until_ready(scripted(tmp_path, ready_at=4), queued(), 10, seconds.append)
    assert len(seconds) == 3 and seconds == sorted(seconds) and seconds[-1] < 5


def test_a_signal_ends_the_wait(tmp_path: Path) -> None:
    assert not wait_until_ready(scripted(tmp_path, ready_at=100), queued(Event.SIGNALLED), 10, ignore)


def test_an_end_while_starting_carries_what_the_jvm_printed(tmp_path: Path) -> None:
    torchserve = scripted(tmp_path, ready_at=100)
    (tmp_path / CONSOLE_LOG).write_text("java.io.IOException: Failed to bind\n")
    with pytest.raises(ServeError, match=r"the server has ended while starting.*log: ") as error:
        wait_until_ready(torchserve, queued(Event.ENGINE_ENDED), 10, ignore)
    assert list(error.value.log_lines) == ["java.io.IOException: Failed to bind"]


def test_a_model_that_does_not_load_ends_the_wait_with_the_lines_that_say_why(tmp_path: Path) -> None:
    torchserve = scripted(tmp_path, ready_at=100)
    (tmp_path / SERVER_LOG).write_text(f"{LOAD_FAILED}\n" * 3)
    with pytest.raises(ServeError, match="the worker cannot load the model") as error:
        wait_until_ready(torchserve, queued(), 10, ignore)
    assert set(error.value.log_lines) == {"Load model failed: mnist"}


def test_a_torchserve_out_of_files_ends_the_wait(tmp_path: Path) -> None:
    torchserve = scripted(tmp_path, ready_at=100)
    (tmp_path / SERVER_LOG).write_text("accept(..) failed: Too many open files\n")
    with pytest.raises(ServeError, match=r"the limit of \d+ open files \(ulimit -n\) is too low .*log: "):
        wait_until_ready(torchserve, queued(), 10, ignore)


def test_a_slow_worker_ends_the_wait(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match=r"no worker was ready within 0\.02 s"):
        wait_until_ready(scripted(tmp_path, ready_at=1000), queued(), 0.02, ignore)


def test_a_stop_waits_for_requests_under_way_unless_a_signal_hurries_it(tmp_path: Path) -> None:
    patient, hurried = scripted(tmp_path, busy=5), scripted(tmp_path, busy=5)
    stop(patient, queued())
    stop(hurried, queued(Event.SIGNALLED))
    assert (patient.busy, hurried.busy) == (-1, 4)
    assert not patient.is_running() and not hurried.is_running()


def test_a_signal_during_a_stop_asks_again(tmp_path: Path) -> None:
    torchserve = scripted(tmp_path, stops=2)
    stop(torchserve, queued(Event.SIGNALLED))
    assert not torchserve.is_running()
