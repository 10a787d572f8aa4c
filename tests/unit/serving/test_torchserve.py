"""What is made of what TorchServe tells of its workers."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from release.archive_digest import read_checked, write_sidecar
from serving.engine import _prepare
from serving.settings import CONFIG_FILE, read_ports
from serving.torchserve import TorchServe, _environment


class Described(TorchServe):
    """A TorchServe that tells of these workers and runs none."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._used_s = None

    def _describe(self) -> tuple[int | None, list[dict[str, Any]]]:
        return 200, [{"jobQueueStatus": {"pendingRequests": 0}, "workers": [{"pid": pid} for pid in self._pids]}]


def test_a_worker_that_is_only_being_started_is_not_busy() -> None:
    server = Described(-1)
    assert [server.is_busy(), server.is_busy()] == [True, False]


def test_a_worker_that_uses_its_core_is_busy() -> None:
    server = Described(os.getpid())
    server.is_busy()
    before = os.times().user
    while os.times().user < before + 0.05:
        pass
    assert server.is_busy()


def test_a_worker_seldom_looks_for_garbage_and_finds_the_modules_its_user_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-c", "import gc, named; print(gc.get_threshold()[0])"]
    result = subprocess.run(command, env=_environment(tmp_path, None, tmp_path), capture_output=True, check=True)
    assert int(result.stdout) == 100_000


def test_an_archive_replaced_after_its_check_is_not_served(tmp_path: Path) -> None:
    archive, run = tmp_path / "own.mar", tmp_path / "run"
    archive.write_bytes(b"checked")
    write_sidecar(archive)
    checked = read_checked(archive)
    archive.write_bytes(b"another")
    run.mkdir()
    _prepare(run, read_ports(), [checked], CONFIG_FILE.read_text(encoding="utf-8"))
    archive.unlink()
    served = run / "model_store" / "mnist.mar"
    assert served.read_bytes() == b"checked"
    assert not served.is_symlink()


def test_javas_own_options_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-Xmx1g")
    options = _environment(tmp_path, None, tmp_path / "my logs")["JDK_JAVA_OPTIONS"]
    assert options == f'-Xmx1g "-XX:ErrorFile={tmp_path}/my logs/java_crash.log"'
