"""The tables, their migrations, and what an operator is told of a database that does not answer."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError

from benchmarks.postgres import Postgres
from release.versions.database import REGISTRY, Database, RegistryError, migration_config
from release.versions.locations import DATABASE_VARIABLE, database_file, has_registry
from release.versions.registry import Registry
from tests.threads import at_once


def on_its_connection(database: Database, run: object, *arguments: str) -> None:
    config = migration_config(REGISTRY)
    with database._engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        run(config, *arguments)  # type: ignore[operator]


def test_the_migrations_make_the_tables_that_the_program_uses_and_unmake_them(database: str) -> None:
    with closing(Database()) as opened:
        on_its_connection(opened, command.check)
        on_its_connection(opened, command.downgrade, "base")
        with pytest.raises(CommandError):
            on_its_connection(opened, command.check)
        on_its_connection(opened, command.upgrade, "head")
        on_its_connection(opened, command.check)


def test_several_programs_may_begin_a_registry_at_once(database: str) -> None:
    def begin() -> None:
        with closing(Registry.open()) as registry:
            assert registry.deployment().change == 1

    assert at_once(4, begin) == []


def test_tables_of_a_newer_program_are_left_alone(state: Path) -> None:
    with closing(Database()) as opened, opened._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE digits_alembic_version SET version_num = '9999'")
    with pytest.raises(RegistryError, match=r"revision 9999, which this program does not know.*update this checkout"):
        Database()


def test_without_a_database_there_is_no_registry(state: Path) -> None:
    assert not has_registry()
    Registry.open().close()
    assert has_registry()
    assert database_file().stat().st_size > 0
    assert state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense", "postgres:5432"])
def test_another_database_is_refused(state: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, url)
    with pytest.raises(RegistryError, match=DATABASE_VARIABLE):
        Database()


def test_a_database_that_is_gone_is_told_in_words_and_used_again_when_it_is_back(
    state: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, postgres.url.replace("@/", ":secret@/"))
    with closing(Registry.open()) as registry:
        champion = registry.deployment().champion
        postgres.stop()
        try:
            with pytest.raises(RegistryError, match="the registry of versions, postgresql") as caught:
                registry.deployment()
        finally:
            postgres.start()
        assert "secret" not in str(caught.value)
        assert registry.deployment().champion == champion
