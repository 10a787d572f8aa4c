"""Where the registry of versions lies; free of what it takes to open it."""

from __future__ import annotations

import os
from pathlib import Path

from model.locations import ROOT

STATE_VARIABLE = "DIGITS_STATE"
DATABASE_VARIABLE = "DATABASE_URL"


def state_folder() -> Path:
    """The folder of the registry's files: DIGITS_STATE, by default runs/learner."""
    return Path(os.environ.get(STATE_VARIABLE) or ROOT / "runs" / "learner").absolute()


def database_file() -> Path:
    """The SQLite database, where DATABASE_URL names no other."""
    return state_folder() / "registry.db"


def store_folder() -> Path:
    """The folder of the versions' files, one folder each."""
    return state_folder() / "versions"


def has_registry() -> bool:
    """Whether there is a registry: DATABASE_URL names one, or the state folder has one."""
    return bool(os.environ.get(DATABASE_VARIABLE)) or database_file().exists()
