"""Opens the registry's database: SQLite in the state folder, or what DATABASE_URL names, brought to today's tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from model.errors import OperatorError
from release.versions.locations import DATABASE_VARIABLE, database_file

MIGRATIONS = Path(__file__).with_name("migrations")
VERSION_TABLE = "digits_alembic_version"
"""Not Alembic's default, which MLflow's tables use."""

BUSY_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 3
_MIGRATION_LOCK = 0x6D6E697374  # any number that nobody else locks by


class RegistryError(OperatorError):
    """The registry of versions refuses something, or does not answer."""


class Database:
    """The registry's database, with all its tables.

    Args:
        url: for SQLAlchemy; None for what DATABASE_URL names, else SQLite in the state folder.

    Raises:
        RegistryError: it does not answer, or its tables are newer than this program.
    """

    def __init__(self, url: str | None = None) -> None:
        self._engine = _engine(url or os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{database_file()}")
        self.name = self._engine.url.render_as_string(hide_password=True)
        with self._errors_in_words():
            self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads.

        Raises:
            RegistryError: the database does not answer.
        """
        with self._errors_in_words(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes; of two at once one waits for the other.

        Raises:
            RegistryError: the database does not answer, or refuses.
        """
        with self._errors_in_words(), Session(self._engine.execution_options(writes=True)) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = migration_config()
        script = ScriptDirectory.from_config(config)
        with self._engine.execution_options(writes=True).begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
            if found == script.get_current_head():
                return
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise RegistryError(
                    f"the tables of {self.name} are of revision {found}, which this program does not know; "
                    "it was written by a newer one: update this checkout"
                ) from error

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise RegistryError(
                f"the registry of versions, {self.name}, fails: {cause[0] if cause else error!r}"
            ) from error


def migration_config() -> Config:
    """Alembic's configuration for the registry's migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "postgresql":
            return create_engine(parsed, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}, pool_pre_ping=True)
        if parsed.get_backend_name() != "sqlite":
            raise RegistryError(f"{DATABASE_VARIABLE} names {parsed.drivername}; accepted are postgresql and sqlite")
    except (ArgumentError, NoSuchModuleError) as error:
        raise RegistryError(
            f"{DATABASE_VARIABLE} is no address of a database; accepted is postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # Python's driver begins no transaction of its own: `_begin_sqlite` does
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that writes takes the lock when it begins: a later one could not wait for it."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
