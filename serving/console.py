"""How a command line talks to the person who started it: progress and errors on stderr, in whole lines; exit statuses.

Only command lines call it. What they call raises an error, or calls back.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable, Iterable

from model.errors import InvalidImage, OperatorError

NOTE_INTERVAL_S = 5.0
"""How often a wait writes a line where stderr is not a terminal."""

_ERASE_LINE = "\r\033[K"


def run(main: Callable[[], int]) -> None:
    """Run a command line to its exit status; an error that a person can correct becomes one line on stderr and 1."""
    try:
        status = main()
    except (OperatorError, InvalidImage) as error:
        status = fail(str(error))
    except OSError as error:
        status = fail(explain(error))
    except KeyboardInterrupt:
        status = fail("interrupted")
    sys.exit(status)


def fail(message: str) -> int:
    """Say in one line what went wrong; returns the exit status for it."""
    say(f"error: {message}")
    return 1


def say(line: str) -> None:
    """Write one line; do nothing where the terminal is gone (SIGHUP), so that a stop goes on."""
    _write(f"{_ERASE_LINE if sys.stderr.isatty() else ''}{line}\n")


def redraw(line: str) -> None:
    """Replace the line that progress is shown on; do nothing where stderr is not a terminal."""
    if sys.stderr.isatty():
        _write(f"{_ERASE_LINE}{line}")


def show(lines: Iterable[str]) -> None:
    """Write lines of a log, indented."""
    for line in lines:
        say(f"  {line}")


class Waiting:
    """Shows that time passes: on a terminal one line that counts the seconds, else a line every `NOTE_INTERVAL_S`.

    Not tqdm, which shows steps of a known number: a wait has none.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self._written_s = 0.0

    def show(self, seconds: float) -> None:
        """Show how long the wait has lasted; to be called several times a second."""
        line = f"{self.label}: {seconds:.0f} s"
        redraw(line)
        if not sys.stderr.isatty() and seconds - self._written_s >= NOTE_INTERVAL_S:
            self._written_s = seconds
            say(line)

    def end(self) -> None:
        """Clear the counting line."""
        redraw("")


def explain(error: OSError) -> str:
    """One line for an error of the operating system: what it is, where, and what to do."""
    where = f": {error.filename}" if error.filename else ""
    advice = {
        errno.ENOSPC: "free some disk space, or choose another disk (--help says how; temporary files: TMPDIR)",
        errno.EACCES: "change its permissions, or choose another place (--help says how)",
        errno.EROFS: "choose a writable place (--help says how; temporary files: TMPDIR)",
        errno.EMFILE: "allow more open files (ulimit -n 1024)",
        errno.EADDRINUSE: "choose other ports with --port and --page-port",
    }.get(error.errno or 0, "fix this and try again")
    return f"{error.strerror or error}{where}; {advice}"


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, end="", file=sys.stderr, flush=True)
