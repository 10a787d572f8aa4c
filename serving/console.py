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
"""How often a wait is noted where stderr is not a terminal."""

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
    """One line. A terminal that is gone (SIGHUP) must not get in the way of stopping."""
    _write(f"{_ERASE_LINE if sys.stderr.isatty() else ''}{line}\n")


def redraw(line: str) -> None:
    """Replace the line that progress is shown on, where someone watches."""
    if sys.stderr.isatty():
        _write(f"{_ERASE_LINE}{line}")


def show(lines: Iterable[str]) -> None:
    """Lines quoted from elsewhere, indented."""
    for line in lines:
        say(f"  {line}")


class Waiting:
    """Shows that time passes: on a terminal one line that counts the seconds, else a line every `NOTE_INTERVAL_S`.

    Not tqdm, which shows steps of a known number: a wait has none.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self._noted_s = 0.0

    def show(self, seconds: float) -> None:
        """Show how long the wait has lasted; to be called several times a second."""
        line = f"{self.label}: {seconds:.0f} s"
        redraw(line)
        if not sys.stderr.isatty() and seconds - self._noted_s >= NOTE_INTERVAL_S:
            self._noted_s = seconds
            say(line)

    def end(self) -> None:
        """Clear the counting line."""
        redraw("")


def explain(error: OSError) -> str:
    """An operating system's error in one line that says what to do."""
    where = f": {error.filename}" if error.filename else ""
    advice = {
        errno.ENOSPC: "free some disk space, or choose another disk (--help says how; temporary files: TMPDIR)",
        errno.EACCES: "give yourself the right to it, or choose another place (--help says how)",
        errno.EROFS: "choose a place that can be written (--help says how; temporary files: TMPDIR)",
        errno.EADDRINUSE: "choose other ports with --port and --page-port",
    }.get(error.errno or 0, "mend it and try again")
    return f"{error.strerror or error}{where}; {advice}"


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, end="", file=sys.stderr, flush=True)
