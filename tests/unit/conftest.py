"""Databases of the tests' own, in SQLite and in a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from benchmarks.postgres import Postgres, find_programs, running_postgres
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE


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
