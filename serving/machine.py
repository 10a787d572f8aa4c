"""What a machine may lack for TorchServe, and what is done about it: a short temporary folder, a locale."""

from __future__ import annotations

import locale
import os
import tempfile
from pathlib import Path

from serving.settings import ServeError

MAX_SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket on Linux."""

LONGEST_SOCKET = "/digits-12345678/.ts.sock.12345"
"""A worker's socket in a run's folder; its number grows with each restart."""

MAX_FOLDER_BYTES = MAX_SOCKET_PATH_BYTES - len(LONGEST_SOCKET)

SHORT_FOLDERS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - mkdtemp makes a folder of our own there

UTF8_LOCALES = ("C.UTF-8", "en_US.UTF-8")


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
