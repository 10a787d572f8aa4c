"""Copies of the repository, for servers with another configuration or at another place."""

from __future__ import annotations

import shutil
from pathlib import Path

from model.locations import ROOT

LEFT_OUT = (".*", "__pycache__", "*.egg-info", "data", "logs", "node_modules", "reports", "runs", "tests")


def copy_repository(folder: Path) -> Path:
    """Copy what serves, and the archive where it is built, to a new folder; returns that folder."""
    return shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
