"""What a machine may lack for TorchServe, and what is done about it: a short temporary folder, a locale, its limits."""

from __future__ import annotations

import locale
import os
import re
import resource
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from serving.settings import ServeError

MAX_SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket on Linux."""

LONGEST_SOCKET = "/digits-12345678/.ts.sock.12345"
"""A worker's socket in a run's folder; its number grows with each restart."""

MAX_FOLDER_BYTES = MAX_SOCKET_PATH_BYTES - len(LONGEST_SOCKET)

SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - mkdtemp makes a folder of our own there

UTF8_LOCALES = ("C.UTF-8", "en_US.UTF-8")

MIN_OPEN_FILES = 96
"""On two cores TorchServe opens some 70 before the first request; more cores open more, and so does each connection."""

OUT_OF_FILES = re.compile("Too many open files")
OUT_OF_MEMORY = re.compile(
    r"insufficient memory|Could not (allocate|reserve)|OutOfMemoryError|MemoryError|Cannot allocate memory|"
    r"pthread_create failed|failed to map segment|bad_alloc"
)


def temporary_folder() -> Path:
    """Where a run's own folder is made: in `TMPDIR`, or elsewhere where that is too long for the workers' sockets.

    Raises:
        ServeError: no folder is short enough.
    """
    named = Path(tempfile.gettempdir())
    for folder in (named, *SHORT_FOLDERS):
        if len(os.fsencode(folder)) <= MAX_FOLDER_BYTES and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise ServeError(
        f"the temporary folder {named} has {len(os.fsencode(named))} bytes in its name, too many for the workers' "
        f"sockets in it; set TMPDIR to a writable folder of at most {MAX_FOLDER_BYTES}"
    )


def check_open_files() -> None:
    """Check the limit of open files; TorchServe that meets it neither answers nor ends.

    Raises:
        ServeError: it is too low.
    """
    if max_open_files() < MIN_OPEN_FILES:
        raise ServeError(_too_few_files())


def max_open_files() -> int:
    """The hard limit: Java raises its own soft one to that."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


def utf8_locale() -> dict[str, str]:
    """Variables that give TorchServe a UTF-8 locale; in another, Java cannot open a path that is not ASCII.

    Empty where the locale is UTF-8 already, and where the system has none that is.
    """
    if locale.nl_langinfo(locale.CODESET) == "UTF-8":
        return {}
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in UTF8_LOCALES:
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return {"LC_ALL": name}
        return {}
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def is_out_of_files(lines: Iterable[str]) -> bool:
    """Whether TorchServe has met its limit of open files, by the lines of its logs; it goes on without an answer."""
    return any(OUT_OF_FILES.search(line) for line in lines)


def exceeded_limit(lines: Sequence[str]) -> str | None:
    """Which limit of the system TorchServe has met, in words, by the lines of its logs; None where they name none."""
    if is_out_of_files(lines):
        return _too_few_files()
    address_space = resource.getrlimit(resource.RLIMIT_AS)[0]
    if address_space != resource.RLIM_INFINITY and any(OUT_OF_MEMORY.search(line) for line in lines):
        return (
            f"the limit of {address_space // 2**20} MB of address space (ulimit -v) is too low for Java and PyTorch; "
            "lift it with `ulimit -v unlimited`, or allow 8000 MB"
        )
    return None


def _too_few_files() -> str:
    return f"the limit of {max_open_files()} open files (ulimit -n) is too low for TorchServe; allow 1024"
