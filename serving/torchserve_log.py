"""Reads the log lines of one run of TorchServe, to tell an operator in a few lines why it does not start.

`log4j2.xml` writes two logs; `console.log` holds what the JVM prints itself. Regular expressions find the reason,
because TorchServe gives it nowhere else: its API calls a worker that ended at its start just unready.
"""

from __future__ import annotations

import re
from pathlib import Path

SERVER_LOG = "ts_log.log"
MODEL_LOG = "model_log.log"
CONSOLE_LOG = "console.log"
JAVA_CRASH_LOG = "java_crash.log"
"""Written by Java where it crashes; TorchServe's own place for it is deleted with the run."""

LOAD_FAILED = re.compile(
    r"Backend worker process died|Load model failed|Auto recovery failed|Backend worker error|Failed start worker"
)
"""A worker ended before its model was loaded; which of these is logged, and in which log, differs each time."""

NOT_UNPACKED = "Failed to load model: "
"""The JVM could not read the archive; it goes on without a model."""

MAX_UNEXPLAINED_ENDS = 3
"""So many ends of workers without a traceback are a failure; TorchServe may lose one when it closes a worker's pipe."""

SHOWN_LINES = 12
"""How many lines are shown at most."""

CONSOLE_NOISE = re.compile(
    r"^(Warning: TorchServe is using|NOTE: Picked up JDK_JAVA_OPTIONS|WARNING: sun\.reflect|nvidia-smi not |"
    r"Model server started|#?$)"
)
"""What the JVM prints in every run, and the empty lines of its crash reports."""

_LAYOUT = re.compile(r"^\S+ \[(?P<level>\w+) *\] (?P<thread>\S+) \S+ - (?P<message>.*)$")


class RunLog:
    """The lines added to a log folder since this object was made; the logs of earlier runs may lie there too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start = {name: _identity_and_size(folder / name) for name in (SERVER_LOG, MODEL_LOG)}

    def lines(self, name: str) -> list[str]:
        """This run's lines of one log, oldest first; none where there is no such file yet.

        Raises:
            OSError: the file cannot be read.
        """
        path = self.folder / name
        identity, size = _identity_and_size(path)
        if identity is None:
            return []
        first_identity, first_size = self._start.get(name, (None, 0))
        # A rotated log is another file by that name: all of it is new.
        skipped = first_size if identity == first_identity and size >= first_size else 0
        with path.open("rb") as file:
            file.seek(skipped)
            return file.read().decode("utf-8", errors="replace").splitlines()

    def all_lines(self) -> list[str]:
        """This run's lines of all logs."""
        return [line for name in (CONSOLE_LOG, SERVER_LOG, MODEL_LOG) for line in self.lines(name)]

    def load_failure(self) -> list[str]:
        """Why the model cannot be loaded, in at most `SHOWN_LINES` lines; empty while nothing says that it cannot."""
        server, worker = self.lines(SERVER_LOG), self.lines(MODEL_LOG)
        ends = sum(bool(LOAD_FAILED.search(line)) for line in server + worker)
        traceback = first_traceback(worker) if ends else []
        if traceback:
            return traceback
        if ends >= MAX_UNEXPLAINED_ENDS or any(NOT_UNPACKED in line for line in server):
            return [_message(line) for line in server][-SHOWN_LINES:]
        return []

    def last_lines(self) -> list[str]:
        """What to show when TorchServe has ended: the worker's traceback, else the JVM's last lines."""
        traceback = first_traceback(self.lines(MODEL_LOG))
        console = [line for line in self.lines(CONSOLE_LOG) if not CONSOLE_NOISE.match(line)]
        server = [_message(line) for line in self.lines(SERVER_LOG)]
        return traceback or (console[:SHOWN_LINES] + server[-SHOWN_LINES:])[:SHOWN_LINES]


def first_traceback(lines: list[str]) -> list[str]:
    """The first complete Python traceback of one worker, chained ones included, cut to its last `SHOWN_LINES` lines.

    Args:
        lines: of the model log; several workers' lines may alternate.
    """
    parsed = [match for match in map(_LAYOUT.match, lines) if match]
    start = next((i for i, match in enumerate(parsed) if match["message"].startswith("Traceback")), None)
    if start is None:
        return []
    thread = parsed[start]["thread"]
    found: list[str] = []
    end = 0
    for match in parsed[start:]:
        if match["thread"] != thread:
            continue
        message = match["message"]
        if message.startswith(("Backend worker process died", "s_name_part0")):
            break
        found.append(message)
        if message[:1].strip() and not message.startswith(("Traceback", "During", "The above")):
            end = len(found)  # the exception's own line
    return found[:end][-SHOWN_LINES:]


def _message(line: str) -> str:
    match = _LAYOUT.match(line)
    return match["message"] if match else line


def _identity_and_size(path: Path) -> tuple[int | None, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None, 0
    return status.st_ino, status.st_size
