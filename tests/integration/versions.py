"""What the tests of changing versions share: a registry with some of them, its command line, clients that ask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.versions import clients
from benchmarks.versions.offers import BROKEN_HANDLER, replace_in_archive
from model.locations import RELEASED, ROOT
from release.archive import HANDLER
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from release.versions.registry import Registry
from tests.drawing import draw_digit, encoded

SEVEN = encoded(draw_digit(7))
CLIENTS = 2


@contextmanager
def registry_with(state: Path, *names: str) -> Iterator[Registry]:
    """A registry with more versions of these names, for this process and those it starts, and one that is `broken`.

    The archive of that one fails where TorchServe loads its handler, and nowhere else.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(state))
        patch.delenv(DATABASE_VARIABLE, raising=False)
        with closing(Registry.open()) as opened:
            for name in (*names, "broken"):
                opened.add(RELEASED, name)
            replace_in_archive(opened, "broken", {HANDLER.name: BROKEN_HANDLER})
            yield opened


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, to its end."""
    script = ROOT / "scripts" / "versions.py"
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=240)


def asking(url: str) -> AbstractContextManager[clients.Asked]:
    """Clients that ask for a seven without pause for the length of a `with` block."""
    return clients.asking(url, CLIENTS, SEVEN, "7")
