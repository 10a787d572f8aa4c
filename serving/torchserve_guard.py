"""The process between an owner and its TorchServe: it ends all of TorchServe, however the owner ends.

`torchserve --foreground` does not pass signals on to the JVM, and nobody can run code after a SIGKILL. So the owner
(torchserve.py) runs `python -m serving.torchserve_guard FOLDER CONSOLE COMMAND...` in a session of its own, and keeps
the guard's standard input open. When that closes, because the owner stopped, crashed or was killed, the guard ends the
JVM and the workers and deletes the run's temporary directory. There is no other way to stop, so every test of a stop
tests this.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import psutil

GRACE_S = 8.0
"""How long the JVM may take to end by itself; it takes about 2.5 s."""

KILL_TIMEOUT_S = 5.0
"""How long killed processes may take to be gone."""


def guard(folder: Path, console: Path, command: list[str]) -> int:
    """Run a command until it ends, standard input closes or a signal comes; then end its whole session.

    Args:
        folder: the run's temporary directory, where the command runs; deleted at the end.
        console: the file that what the command prints is added to.
        command: starts TorchServe in the foreground.

    Returns:
        The exit status: 0 where it was told to stop, 1 where the command ended by itself or could not be started.
    """
    events: SimpleQueue[str] = SimpleQueue()  # its put may be called from a signal handler
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put("stop"))

    def watch_owner() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        events.put("stop")

    def watch_launcher() -> None:
        launcher.wait()
        events.put("ended")

    try:
        with console.open("ab") as output:
            try:
                launcher = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
                )
            except OSError as error:
                output.write(f"{error}\n".encode())  # the supervisor shows it
                return 1
        Thread(target=watch_owner, daemon=True).start()
        Thread(target=watch_launcher, daemon=True).start()
        if events.get() == "ended":
            return 1
        _terminate(launcher)
        with contextlib.suppress(Empty):  # the launcher's end, or a second request to stop
            events.get(timeout=GRACE_S)
        return 0
    finally:
        end_session(os.getpid(), folder)


def end_session(session: int, folder: Path) -> None:
    """Kill every process of a session but this one, and delete the run's temporary directory."""
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while members := list(_others_of(session)):
        for process in members:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(members, timeout=0.1)
        if time.monotonic() > deadline:
            break
    shutil.rmtree(folder, ignore_errors=True)


def _others_of(session: int) -> Iterable[psutil.Process]:
    for process in psutil.process_iter():
        # A zombie is dead already, and stays until its parent has asked for its exit status.
        with contextlib.suppress(OSError, psutil.Error):
            is_other = process.pid != os.getpid() and os.getsid(process.pid) == session
            if is_other and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _terminate(command: subprocess.Popen[bytes]) -> None:
    """Ask the command to end; of TorchServe's launcher, which passes no signal on, the JVM that it waits for."""
    with contextlib.suppress(psutil.Error):
        started = psutil.Process(command.pid)
        jvms = [child for child in started.children() if child.name() == "java"]
        for process in jvms or [started]:
            process.terminate()


if __name__ == "__main__":
    sys.exit(guard(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
