"""One timed run of wrk against one server: what it measured, and what the server used meanwhile."""

import contextlib
import json
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from model.errors import OperatorError

SCRIPT = Path(__file__).with_name("post.lua")
REQUEST_TIMEOUT_S = 10
GRACE_S = 60  # how much longer than its duration wrk may take


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        round, server, input, connections: which one.
        requests: how many were answered, with any status.
        requests_per_s: answers with a status below 400: a refusal is quick and does not count.
        p50_ms, p99_ms, max_ms: from sending a request to the end of its answer, refusals included, as wrk measures.
        errors: statuses of 400 and over, and requests whose socket failed or timed out.
        memory_mb: proportional set size of all the server's processes at the end.
        cores: processor seconds of the server's processes in a second.
        wrk_cores: those of wrk, which shares the machine.
    """

    round: int
    server: str
    input: str
    connections: int
    requests: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    errors: int
    memory_mb: float
    cores: float
    wrk_cores: float


def find_wrk() -> str:
    """The program's path.

    Raises:
        OperatorError: there is none.
    """
    found = shutil.which("wrk")
    if found is None:
        raise OperatorError("wrk, which makes the load, is not installed; on Debian: apt install wrk")
    return found


def measure(
    name: tuple[int, str, str, int], url: str, picture: Path, connections: int, seconds: float, root: psutil.Process
) -> Run:
    """Load one server with one picture.

    Args:
        name: round, server, input and connections.
        url: asked by POST.
        picture: the file to send.
        connections: kept open, each with one request at a time.
        seconds: how long.
        root: of the server's processes.

    Raises:
        OperatorError: wrk failed.
    """
    used, used_by_wrk, started = _cpu_s(root), _children_cpu_s(), time.monotonic()
    found = ask(url, picture, connections, seconds)
    elapsed = time.monotonic() - started
    return Run(
        *name,
        **found,
        memory_mb=round(sum(process.memory_full_info().pss for process in _process_tree(root)) / 1e6, 1),
        cores=round((_cpu_s(root) - used) / elapsed, 3),
        wrk_cores=round((_children_cpu_s() - used_by_wrk) / elapsed, 3),
    )


def ask(url: str, picture: Path, connections: int, seconds: float) -> dict[str, Any]:
    """Let wrk post a picture again and again; returns its figures, named as in `Run`.

    Raises:
        OperatorError: it failed, or nothing was answered.
    """
    command = [find_wrk(), "--threads=1", f"--connections={connections}", f"--duration={seconds:g}s"]
    command += [f"--timeout={REQUEST_TIMEOUT_S}s", f"--script={SCRIPT}", url, "--", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE_S)
    if done.returncode != 0:
        raise OperatorError(f"wrk failed: {(done.stderr or done.stdout).strip()}")
    return parse(done.stdout)


def parse(output: str) -> dict[str, Any]:
    """The figures in the line that post.lua prints, named as in `Run`.

    Raises:
        OperatorError: it is missing, or no request was answered.
    """
    line = next((line for line in reversed(output.splitlines()) if line.startswith("{")), None)
    if line is None:
        raise OperatorError(f"wrk printed no result: {output.strip()[-200:]!r}")
    counted = json.loads(line)
    if counted["requests"] == 0:
        raise OperatorError(f"no request was answered ({counted['sockets']} sockets failed)")
    return {
        "requests": counted["requests"],
        "requests_per_s": round((counted["requests"] - counted["statuses"]) / (counted["microseconds"] / 1e6), 1),
        **{f"{name}_ms": counted[f"{name}_us"] / 1e3 for name in ("p50", "p99", "max")},
        "errors": counted["statuses"] + counted["sockets"],
    }


def _process_tree(root: psutil.Process) -> Iterator[psutil.Process]:
    yield root
    yield from root.children(recursive=True)


def _cpu_s(root: psutil.Process) -> float:
    seconds = 0.0
    for process in _process_tree(root):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _children_cpu_s() -> float:
    """Processor seconds of all child processes that have ended; after each run, wrk is one of them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
