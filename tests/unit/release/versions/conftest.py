"""Registries of the tests' own, in SQLite and in a real PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy

from model.artifacts import METADATA_FILE
from model.locations import RELEASED
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from release.versions.registry import Registry
from tests.postgres import Postgres, find_programs, running_postgres

Exported = Callable[..., Path]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if (programs := find_programs()) is None:
        assert not os.environ.get("REQUIRE_POSTGRES"), "no PostgreSQL on this machine"
        pytest.skip("PostgreSQL is not installed; on Debian: apt install postgresql")
    with running_postgres(programs) as running:
        yield running


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, in SQLite."""
    folder = tmp_path / "state"
    monkeypatch.setenv(STATE_VARIABLE, str(folder))
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    return folder


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(state: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of either kind, which DATABASE_URL names where it is PostgreSQL."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("postgres").url
        engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
        engine.dispose()
        monkeypatch.setenv(DATABASE_VARIABLE, url)
    return str(request.param)


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
