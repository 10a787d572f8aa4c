"""The processes in which a learner works: of low priority, and never without their learner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import IO

from model.locations import ROOT

ONE, MANY = "one", "many"
"""Whose corrections are taught: those of one person, or of many, of whom none may outweigh the others."""

NICENESS = 10
"""What is served goes first."""

WATCH_INTERVAL_S = 0.5
_LEARNER = "DIGITS_LEARNER"  # in the environment: the process id of the learner


def work_command(whose: str) -> Sequence[str]:
    """Starts a job, with its number and its attempt behind it."""
    return (sys.executable, "-m", "learner.jobs.work", whose)


PREPARATION = (sys.executable, "-m", "learner.jobs.prepare")
"""Draws what every teaching needs, where it was not drawn before."""


def start(command: Sequence[str], errors: IO[str]) -> subprocess.Popen[bytes]:
    """Start a process that says on stderr why it fails."""
    environment = os.environ | {_LEARNER: str(os.getpid())}
    return subprocess.Popen(["nice", f"-n{NICENESS}", *command], stderr=errors, cwd=ROOT, env=environment)


def end_with_learner() -> None:
    """End this process soon after its learner: a job whose learner was killed is taken up by another."""
    learner = int(os.environ[_LEARNER])

    def watch() -> None:
        while os.getppid() == learner:
            time.sleep(WATCH_INTERVAL_S)
        os._exit(1)

    Thread(target=watch, name="learner", daemon=True).start()
