"""Starlette and uvicorn as an engine: their command and their environment."""

from __future__ import annotations

import os
import sys

from model.locations import ROOT
from serving.engine import Engine
from serving.machine import utf8_locale


class StarletteEngine(Engine):
    """One running front with its workers; see `Engine`."""

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "serving.starlette_engine", str(self.folder), str(self.log.folder.resolve())]

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        return os.environ | {"TMPDIR": str(self.folder), "PYTHONPATH": path} | utf8_locale()
