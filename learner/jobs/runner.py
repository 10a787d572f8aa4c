"""Works the queue off: each job in a process of its own, of low priority, that ends with its learner."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import IO

from learner.jobs.process import start
from learner.jobs.queue import CANCELLED, FAILED, Job, LostError, Queue
from model.errors import OperatorError

POLL_INTERVAL_S = 0.3
RENEWAL_INTERVAL_S = 3.0
STOP_TIMEOUT_S = 5.0


class Runner:
    """Takes up jobs from a thread of its own.

    Args:
        queue: where they wait.
        note: called from there with what an operator wants to know.
        work: the command of a job's process, which its number and its attempt follow.
        preparation: the command of a process that comes before all jobs.
    """

    def __init__(
        self, queue: Queue, note: Callable[[str], None], work: Sequence[str], preparation: Sequence[str]
    ) -> None:
        self._queue, self._note, self._command, self._preparation = queue, note, work, preparation
        self._is_over = Event()
        self._complaint = ""
        self._thread = Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Take up jobs from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Take up none any more; the one under way is given back and begun anew by the next learner."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        with tempfile.TemporaryFile("w+") as errors:
            process = start(self._preparation, errors)
            while process.poll() is None and not self._is_over.wait(POLL_INTERVAL_S):
                pass
            _stop(process)
            if process.returncode > 0:  # each job will say so too
                self._note(f"nothing can be taught: {_last_line(errors)}")
        while not self._is_over.wait(POLL_INTERVAL_S):
            try:
                if (job := self._queue.claim()) is not None:
                    self._work(job)
                self._complaint = ""
            except OperatorError as error:
                if str(error) != self._complaint:
                    self._note(f"{error}; jobs wait")
                self._complaint = str(error)

    def _work(self, job: Job) -> None:
        self._note(f"job {job.number} begins")
        with tempfile.TemporaryFile("w+") as errors:
            process = start([*self._command, str(job.number), str(job.attempt)], errors)
            try:
                self._keep(job, process)
            except LostError:
                self._end(job, CANCELLED, "cancelled")
                return
            if self._is_over.is_set():
                self._queue.release(job)
                return
            words = f"its process ended with status {process.returncode}: {_last_line(errors)}"
        self._end(job, FAILED, words)

    def _keep(self, job: Job, process: subprocess.Popen[bytes]) -> None:
        """Renew a job's lease until its process has ended; it is ended where this learner stops or loses the job.

        Where the database fails it is asked again.

        Raises:
            LostError: the job is not this attempt's any more, or is to be cancelled.
        """
        renewed = time.monotonic()
        try:
            while process.poll() is None and not self._is_over.wait(POLL_INTERVAL_S):
                if time.monotonic() - renewed > RENEWAL_INTERVAL_S:
                    try:
                        self._queue.renew(job)
                    except OperatorError as error:
                        self._note(str(error))
                    renewed = time.monotonic()
        finally:
            _stop(process)

    def _end(self, job: Job, state: str, words: str) -> None:
        """End a job that its process has left without an end; most end it themselves."""
        with contextlib.suppress(LostError):
            self._queue.end(job, state, words)
        if (ended := self._queue.get(job.number)) is not None:
            self._note(f"job {job.number}: {ended.state}, {ended.words}")


def _last_line(errors: IO[str]) -> str:
    errors.seek(0)
    return (errors.read().strip().splitlines() or ["it said nothing"])[-1]


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
