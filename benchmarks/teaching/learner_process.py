"""A running learner, and how to ask it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks.processes import find_free_ports, stop, wait_until_ready
from learner.jobs.queue import OVER
from learner.run import FIRST_KEY
from model.errors import OperatorError
from model.locations import ROOT
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from serving.gateway.keys import KEY_FILE, KeyFile

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
TIMEOUT_S = 30.0
JOB_TIMEOUT_S = 300.0
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class LearnerProcess:
    """A running `scripts/learner.py`.

    Attributes:
        process, url: it, and where it answers.
        state: the folder of its files.
    """

    process: subprocess.Popen[bytes]
    url: str
    state: Path

    @property
    def headers(self) -> dict[str, str]:
        """With the first key, which may do everything."""
        secret = next(key.secret for key in KeyFile(self.state / KEY_FILE).read() if key.name == FIRST_KEY)
        return {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        """Ask it; any status is an answer."""
        return requests.request(method, self.url + path, json=body, headers=self.headers, timeout=TIMEOUT_S)

    def correct(self, corrections: list[dict[str, Any]]) -> list[str]:
        """Send corrections; returns their ids.

        Raises:
            OperatorError: they are refused.
        """
        return list(self._accepted("POST", "/corrections", corrections)["ids"])

    def teach(self) -> int:
        """Ask for a teaching; returns the job.

        Raises:
            OperatorError: it is refused.
        """
        return int(self._accepted("POST", "/retrain")["job"])

    def job(self, number: int) -> dict[str, Any]:
        """What is known of a job.

        Raises:
            OperatorError: there is no such one.
        """
        return self._accepted("GET", f"/jobs/{number}")

    def end_of(self, number: int) -> dict[str, Any]:
        """The job once it is over.

        Raises:
            OperatorError: it is not within `JOB_TIMEOUT_S`.
        """
        return self.until(number, lambda job: job["state"] in OVER)

    def until(self, number: int, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The job once something holds of it; errors as of `end_of`."""
        deadline = time.monotonic() + JOB_TIMEOUT_S
        while not holds(job := self.job(number)):
            if time.monotonic() > deadline:
                raise OperatorError(f"the job is not done: {job}")
            time.sleep(POLL_INTERVAL_S)
        return job

    def kill(self) -> None:
        """End the learner alone, at once, and wait until the job under way has noticed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while left := self._jobs():
            if time.monotonic() > deadline:
                raise OperatorError(f"a job goes on without its learner: {left}")
            time.sleep(POLL_INTERVAL_S)

    def _jobs(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_job = "learner.jobs" in " ".join(process.cmdline())
                if is_job and process.environ().get(STATE_VARIABLE) == str(self.state):
                    found.append(process)
        return found

    def _accepted(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self.ask(method, path, body)
        if not answer.ok:
            raise OperatorError(f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json())


@contextlib.contextmanager
def running_learner(
    state: Path, *arguments: str, database: str | None = None, port: int | None = None
) -> Iterator[LearnerProcess]:
    """A learner for the length of a `with` block; its jobs end with it.

    Args:
        state: the folder of its files.
        arguments: of `scripts/learner.py`.
        database: the PostgreSQL that it uses.
        port: a free one where none is named.

    Raises:
        OperatorError: it does not start, or leaves a process behind.
    """
    environment = {name: value for name, value in os.environ.items() if name != DATABASE_VARIABLE}
    environment |= {STATE_VARIABLE: str(state)} | ({DATABASE_VARIABLE: database} if database else {})
    port = port or find_free_ports().page
    command = [sys.executable, str(ROOT / "scripts" / "learner.py"), f"--port={port}", *arguments]
    out, err = (state.parent / f"learner-{port}.{name}" for name in ("out", "err"))
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, cwd=ROOT, env=environment)
    try:
        wait_until_ready(process, out, err, START_TIMEOUT_S)
        yield LearnerProcess(process, f"http://127.0.0.1:{port}", state)
    finally:
        left = stop(process, STOP_TIMEOUT_S)
    if left:
        raise OperatorError(f"left running: {left}")
