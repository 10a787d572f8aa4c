"""A worker's start is handed over to the fork server, ends as one with what was forked, and needs no server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from handler.torchserve_patches import fork_server, worker_start_folder
from model.locations import ROOT

TIMEOUT_S = 30
Starter = Callable[..., subprocess.Popen[str]]
WORKER = """
import json, os, sys, time
import first_on_the_path
print(json.dumps([os.getpid(), "imported_before" in sys.modules, sys.argv[1:], os.environ["OWN"], os.getcwd()]))
print("to stderr", file=sys.stderr, flush=True)
sys.stdout.flush()
time.sleep(60) if "--waits" in sys.argv else sys.exit(3)
"""
SERVER = """
import socket, sys
from handler.torchserve_patches.fork_server import serve
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
serve(listener, ["imported_before", "not_installed"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model_service_worker.py").write_text(WORKER)
    (tmp_path / "imported_before.py").touch()
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "first_on_the_path.py").touch()
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[psutil.Process]:
    """A fork server that has imported a module."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    with subprocess.Popen([sys.executable, "-c", SERVER, str(folder / "socket")], env=environment) as process:
        while not (folder / "socket").exists():
            assert process.poll() is None
        yield psutil.Process(process.pid)
        process.kill()


@pytest.fixture
def start(folder: Path) -> Iterator[Starter]:
    """Starts a worker as TorchServe does: with its own environment, folder and path."""
    path = os.pathsep.join([str(worker_start_folder()), str(folder / "path")])
    environment = os.environ | {fork_server.ADDRESS: str(folder / "socket"), "PYTHONPATH": path, "OWN": "value"}
    started = []

    def starter(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, str(folder / "model_service_worker.py"), *arguments],
                env=environment,
                cwd=folder / "path",
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield starter
    for process in started:
        process.kill()
        process.communicate()


def printed_by(starter: subprocess.Popen[str]) -> tuple[int, list[object]]:
    """The worker's process id, and what else it printed."""
    assert starter.stdout is not None
    pid, *rest = json.loads(starter.stdout.readline())
    return pid, rest


@pytest.mark.usefixtures("server")
def test_a_worker_is_forked_with_all_that_its_starter_has(folder: Path, start: Starter) -> None:
    starter = start("--sock-name", "a b")
    pid, rest = printed_by(starter)
    assert pid != starter.pid
    assert rest == [True, ["--sock-name", "a b"], "value", str(folder / "path")]
    assert starter.communicate(timeout=TIMEOUT_S)[1] == "to stderr\n"
    assert starter.returncode == 3


@pytest.mark.parametrize("killed", ["worker", "starter"])
def test_a_worker_and_its_starter_end_together_and_no_other(
    server: psutil.Process, start: Starter, killed: str
) -> None:
    pairs = []
    for _ in range(3):
        starter = psutil.Process((process := start("--waits")).pid)
        pairs.append((psutil.Process(printed_by(process)[0]), starter))
    assert {worker.ppid() for worker, _ in pairs} == {server.pid}
    pairs[1][killed == "starter"].kill()
    gone, _ = psutil.wait_procs(pairs[1], TIMEOUT_S)
    assert len(gone) == 2
    assert pairs[1][1].wait() == -signal.SIGKILL
    assert all(process.is_running() for process in (server, *pairs[0], *pairs[2]))


def test_where_the_server_has_died_a_worker_starts_by_itself(server: psutil.Process, start: Starter) -> None:
    server.kill()
    server.wait(TIMEOUT_S)
    starter = start()
    pid, rest = printed_by(starter)
    assert (pid, rest[0]) == (starter.pid, False)
    starter.communicate(timeout=TIMEOUT_S)
    assert starter.returncode == 3
