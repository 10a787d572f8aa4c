"""Registries of the tests' own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from model.artifacts import METADATA_FILE
from model.locations import RELEASED
from release.versions.registry import Registry

Exported = Callable[..., Path]


@pytest.fixture
def registry(database: str) -> Iterator[Registry]:
    """A new registry, with the released network alone."""
    with closing(Registry.open()) as opened:
        yield opened


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """Makes a folder as `make export` leaves it: the released network with other metadata."""

    def make(version: str, folder_name: str = "", **changes: object) -> Path:
        folder = tmp_path / f"exported-{folder_name or version}"
        folder.mkdir()
        for name in ("mnist.pt", METADATA_FILE):
            shutil.copyfile(RELEASED / name, folder / name)
        metadata = json.loads((folder / METADATA_FILE).read_text())
        (folder / METADATA_FILE).write_text(json.dumps(metadata | {"version": version} | changes))
        return folder

    return make
