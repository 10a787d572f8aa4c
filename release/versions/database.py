"""Opens the database: SQLite in the state folder, or what DATABASE_URL names, brought to today's tables.

The registry of versions has its tables in it, and so has who teaches them, each with migrations of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from model.errors import OperatorError
from release.versions.locations import DATABASE_VARIABLE, database_file
from release.versions.tables import Table

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 3
_LOCK = text(f"SELECT pg_advisory_xact_lock({0x6D6E697374})")  # any number that nobody else locks by


class RegistryError(OperatorError):
    """The registry of versions refuses something, or does not answer."""


class DatabaseError(RegistryError):
    """The database does not answer, or has other tables."""


@dataclass(frozen=True)
class Schema:
    """Tables that belong together.

    Attributes:
        owner: whose they are, for messages.
        tables: all of them.
        revisions: the folder of their migrations.
        version_table: where Alembic keeps which of these were run; not its default, which MLflow's tables use.
    """

    owner: str
    tables: MetaData
    revisions: Path
    version_table: str


REGISTRY = Schema("the registry of versions", Table.metadata, MIGRATIONS / "versions", "digits_alembic_version")


class Database:
    """The database, with all tables of a schema.

    Args:
        schema: whose tables are used.

    Raises:
        DatabaseError: it does not answer, or its tables are newer than this program.
    """

    def __init__(self, schema: Schema = REGISTRY) -> None:
        self._schema = schema
        self._engine = _engine(os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{database_file()}")
        self.name = self._engine.url.render_as_string(hide_password=True)
        with self._errors_in_words():
            self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads.

        Raises:
            DatabaseError: it does not answer.
        """
        with self._errors_in_words(), Session(self._engine) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes; of two at once one waits for the other.

        Raises:
            DatabaseError: it does not answer, or refuses.
        """
        with self._errors_in_words(), Session(self._engine.execution_options(writes=True)) as session, session.begin():
            if self._engine.dialect.name == "postgresql":  # SQLite has one writer by itself
                session.execute(_LOCK)
            yield session

    def forget_erased(self) -> None:
        """Leave nothing of deleted rows in SQLite's file of changes; PostgreSQL cleans up by itself.

        Raises:
            DatabaseError: it does not answer.
        """
        if self._engine.dialect.name == "sqlite":
            with self._errors_in_words(), self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = migration_config(self._schema)
        script = ScriptDirectory.from_config(config)
        with self._engine.execution_options(writes=True).begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(_LOCK)
            options = {"version_table": self._schema.version_table}
            found = MigrationContext.configure(connection, opts=options).get_current_revision()
            if found == script.get_current_head():
                return
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise DatabaseError(
                    f"the tables of {self._schema.owner}, {self.name}, are of revision {found}, which this program "
                    "does not know; it was written by a newer one: update this checkout"
                ) from error

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().splitlines()
            raise DatabaseError(
                f"{self._schema.owner}, {self.name}, fails: {cause[0] if cause else error!r}"
            ) from error


def migration_config(schema: Schema) -> Config:
    """Alembic's configuration for the migrations of a schema; it wants a `connection` among its attributes."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(schema.revisions).replace("%", "%%"))
    config.attributes["schema"] = schema
    return config


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "postgresql":
            return create_engine(parsed, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}, pool_pre_ping=True)
        if parsed.get_backend_name() != "sqlite":
            raise DatabaseError(f"{DATABASE_VARIABLE} names {parsed.drivername}; accepted are postgresql and sqlite")
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(
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
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that writes takes the lock when it begins: a later one could not wait for it."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
