"""The guard of a command, as a process: what it ends and leaves behind."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from model.locations import ROOT

TIMEOUT_S = 20.0
SLEEPING_CHILD = "import subprocess, sys; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); "


@dataclass(frozen=True)
class Run:
    """A running guard, the folder that it deletes and the file that its command prints to."""

    process: subprocess.Popen[bytes]
    folder: Path
    console: Path

    def printed(self) -> str:
        """The command's first whole line."""
        deadline = time.monotonic() + TIMEOUT_S
        while "\n" not in (text := self.console.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return text.strip()


def start(tmp_path: Path, *command: str) -> Run:
    folder, console = tmp_path / "run", tmp_path / "console.log"
    folder.mkdir()
    console.touch()
    arguments = [sys.executable, "-m", "serving.torchserve_guard", str(folder), str(console), *command]
    return Run(subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True), folder, console)


def wait(run: Run) -> int:
    """The guard's exit status."""
    status = run.process.wait(TIMEOUT_S)
    if run.process.stdin:
        run.process.stdin.close()
    return status


def is_running(pid: int) -> bool:
    """False for a zombie too: a container's first process may not care for orphans."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_command_that_cannot_be_started_is_told_in_the_console_file(tmp_path: Path) -> None:
    run = start(tmp_path, str(tmp_path / "nothing"))
    assert wait(run) == 1
    assert "No such file or directory" in run.console.read_text()
    assert not run.folder.exists()


def test_the_end_of_the_command_is_the_end_of_all_that_it_started(tmp_path: Path) -> None:
    run = start(tmp_path, sys.executable, "-c", SLEEPING_CHILD)
    assert wait(run) == 1
    assert not is_running(int(run.printed()))
    assert not run.folder.exists()


@pytest.mark.parametrize("end", ["the owner's end", "a signal"])
def test_the_end_of_the_owner_is_the_end_of_all(tmp_path: Path, end: str) -> None:
    run = start(tmp_path, sys.executable, "-c", f"{SLEEPING_CHILD} child.wait()")
    child = int(run.printed())
    if end == "a signal":
        run.process.terminate()
    else:
        assert run.process.stdin
        run.process.stdin.close()
    assert wait(run) == 0
    assert not is_running(child)
    assert not run.folder.exists()


def test_a_command_that_ignores_the_request_to_end_is_killed_at_a_second_signal(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    run = start(tmp_path, sys.executable, "-c", stubborn)
    assert run.printed() == "up"
    started = time.monotonic()
    for _ in range(2):
        run.process.terminate()
        time.sleep(0.3)
    assert wait(run) == 0
    assert time.monotonic() - started < 5  # less than the guard waits for a command that is only slow
    assert not run.folder.exists()
