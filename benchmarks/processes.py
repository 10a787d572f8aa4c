"""Processes that tests and measurements start: ports for them, and their end with all that they have started."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from model.errors import OperatorError
from serving.settings import Ports, ServeError, check_ports_free, read_ports

READY_LINE = "Ctrl-C stops everything."
"""The last line that `make serve` and `make gateway` print when they are ready."""


def find_free_ports() -> Ports:
    """Six ports that nobody uses, below those that the system hands out by itself.

    Raises:
        OperatorError: none were found.
    """
    defaults = read_ports()
    for _ in range(50):
        offset = 2_000 + 10 * secrets.randbelow(1_800)
        ports = defaults.moved(defaults.inference + offset, defaults.page + offset)
        with contextlib.suppress(ServeError):
            check_ports_free(ports, with_page=True)
            return ports
    raise OperatorError("no six free ports found")


def wait_until_ready(process: subprocess.Popen[bytes], stdout: Path, stderr: Path, timeout_s: float) -> None:
    """Wait until a process has printed `READY_LINE`.

    Raises:
        OperatorError: it ended before, or did not print it in time; says what is in the file of its errors.
    """
    deadline = time.monotonic() + timeout_s
    while READY_LINE not in stdout.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise OperatorError(f"it did not get ready (exit status {process.poll()}):\n{stderr.read_text()}")
        time.sleep(0.1)


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """All that a running process has started, directly or not; none where it has ended."""
    if process.poll() is not None:
        return []
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return found


def stop(
    process: subprocess.Popen[bytes], timeout_s: float, known: Sequence[psutil.Process] = ()
) -> list[psutil.Process]:
    """End a process by SIGTERM and wait; returns what it left running, which is killed.

    Args:
        process: it may have ended already.
        timeout_s: how long it may take, and how long what it has started may outlive it.
        known: what it had started earlier.
    """
    started = [*known, *descendants(process)]
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(started, timeout=timeout_s)
    for left in alive:
        left.kill()
    return list(alive)
