"""Writes everything that the state folder holds into one file, while learner and servers run, and brings it back."""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from model.artifacts import write_atomically
from model.errors import OperatorError
from release.versions.locations import DATABASE_VARIABLE, database_file, state_folder, store_folder


class BackupError(OperatorError):
    """A backup cannot be written or brought back."""


def back_up(file: Path) -> str:
    """Write database and versions of the state folder; returns what to say.

    The database is copied as it is at one moment, and before the files: every version in it has its files.

    Raises:
        BackupError: the database is elsewhere, or there is none.
        OSError: a file cannot be read or written.
    """
    _check_sqlite()
    if not database_file().exists():
        raise BackupError(f"there is nothing to back up: {database_file()} is missing")
    with tempfile.TemporaryDirectory(prefix="digits-backup-") as work:
        copy = Path(work) / database_file().name
        with closing(sqlite3.connect(database_file())) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)

        def write(path: Path) -> None:
            with tarfile.open(path, "w:gz") as archive:
                archive.add(copy, copy.name)
                for folder in sorted(store_folder().glob("[!.]*")):
                    archive.add(folder, f"{store_folder().name}/{folder.name}")

        write_atomically(file, write)
    return f"{file} holds corrections, jobs and versions, {file.stat().st_size:,} bytes; keys are not in it"


def restore(file: Path) -> str:
    """Bring back what a backup holds; returns what to say.

    Raises:
        BackupError: there is a registry already, the database is elsewhere, or the file is no backup.
        OSError: a file cannot be read or written.
    """
    _check_sqlite()
    if database_file().exists():
        raise BackupError(f"{database_file()} exists; move {state_folder()} away first, or set another folder")
    state_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restored-", dir=state_folder()) as work:
        try:
            with tarfile.open(file, "r:gz") as archive:
                archive.extractall(work, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise BackupError(f"{file} is no backup: {error}") from error
        found = Path(work) / database_file().name
        if not found.exists():
            raise BackupError(f"{file} is no backup: it has no {found.name}")
        store_folder().mkdir(exist_ok=True, mode=0o700)
        for folder in (Path(work) / store_folder().name).glob("*"):
            if not (store_folder() / folder.name).exists():
                folder.rename(store_folder() / folder.name)
        found.replace(database_file())  # last: without it there is nothing yet
    return f"{file} is brought back to {state_folder()}"


def _check_sqlite() -> None:
    if os.environ.get(DATABASE_VARIABLE):
        raise BackupError(
            f"{DATABASE_VARIABLE} names the database: back it up by pg_dump, and the folder {store_folder()} by tar"
        )
