"""What the tests of changing versions share: a registry with some of them, its command line, clients that ask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.versions import clients
from benchmarks.versions.offers import offer
from model.locations import RELEASED, ROOT
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from release.versions.registry import Registry
from tests.drawing import draw_digit, encoded

SEVEN = encoded(draw_digit(7))
CLIENTS = 2


@contextmanager
def registry_with(state: Path, *names: str) -> Iterator[Registry]:
    """A registry with more versions of these names, and an `unservable` one, for this process and those it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(state))
        patch.delenv(DATABASE_VARIABLE, raising=False)
        with closing(Registry.open()) as opened:
            for name in names:
                opened.add(RELEASED, name)
            offer(opened, "unservable")
            yield opened


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, to its end."""
    script = ROOT / "scripts" / "versions.py"
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=240)


def asking(url: str) -> AbstractContextManager[clients.Asked]:
    """Clients that ask for a seven without pause for the length of a `with` block."""
    return clients.asking(url, CLIENTS, SEVEN, "7")
