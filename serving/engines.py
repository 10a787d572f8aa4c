"""What can serve an archive: TorchServe, and Starlette in its place."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from release.archive_digest import CheckedArchive
from serving.engine import Engine
from serving.settings import Ports, ServeError, find_java
from serving.starlette_engine.engine import StarletteEngine
from serving.torchserve import ManagedTorchServe, TorchServe

TORCHSERVE, STARLETTE = "torchserve", "starlette"
ENGINES = (TORCHSERVE, STARLETTE)

EngineStarter = Callable[[Ports, Sequence[CheckedArchive], Path, Callable[[], None], str | None], Engine]
"""Starts an engine: see its class for the arguments."""


def starter_of(engine: str, changes_versions: bool = False) -> EngineStarter:
    """What starts the engine of that name.

    Args:
        engine: one of `ENGINES`.
        changes_versions: whether its versions are to change while it runs, which TorchServe alone can.

    Raises:
        ServeError: what it needs is missing.
    """
    if engine == STARLETTE:
        if changes_versions:
            raise ServeError("the Starlette engine cannot change its version while it runs; leave out --versions")
        return StarletteEngine
    java_home = find_java()
    if importlib.util.find_spec("ts") is None:
        raise ServeError(f"TorchServe is not installed for {sys.executable}; run `make serve`, which installs it")
    served_by = ManagedTorchServe if changes_versions else TorchServe
    return lambda ports, archives, log_folder, on_end, config: served_by(
        ports, archives, java_home, log_folder, on_end, config
    )
