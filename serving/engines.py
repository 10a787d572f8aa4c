"""What can serve an archive: TorchServe, and Starlette in its place."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from release.archive_digest import CheckedArchive
from serving.engine import Engine
from serving.settings import Ports, ServeError, find_java
from serving.starlette_engine.engine import StarletteEngine
from serving.torchserve import TorchServe

TORCHSERVE, STARLETTE = "torchserve", "starlette"
ENGINES = (TORCHSERVE, STARLETTE)

EngineStarter = Callable[[Ports, CheckedArchive, Path, Callable[[], None], str | None], Engine]
"""Starts an engine: see its class for the arguments."""


def starter_of(engine: str) -> EngineStarter:
    """What starts the engine of that name.

    Raises:
        ServeError: what it needs is missing.
    """
    if engine == STARLETTE:
        return StarletteEngine
    java_home = find_java()
    if importlib.util.find_spec("ts") is None:
        raise ServeError(f"TorchServe is not installed for {sys.executable}; run `make serve`, which installs it")
    return lambda ports, archive, log_folder, on_end, config: TorchServe(
        ports, archive, java_home, log_folder, on_end, config
    )
