"""The registry of versions: which there are, and what shall be served of them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from model.artifacts import METADATA_FILE, MODEL_FILE, read_metadata, sha256_of
from model.errors import ArtifactError
from model.locations import RELEASED
from release.archive_digest import CheckedArchive
from release.versions import store
from release.versions.database import Database, RegistryError
from release.versions.deployments import Deployments, now, utc, version_row
from release.versions.records import Version
from release.versions.tables import NAME_LENGTH, ChangeRow, DeploymentRow, VersionRow

_NAME = re.compile(rf"[0-9A-Za-z][0-9A-Za-z._-]{{0,{NAME_LENGTH - 1}}}")


class Registry(Deployments):
    """The versions in the state folder and the database; see `Database` for the address."""

    @classmethod
    def open(cls) -> Registry:
        """Open it; a new one gets the released network as its first version and champion.

        Raises:
            RegistryError: the database does not answer.
            ArtifactError, OSError: the released network cannot be packed.
        """
        registry = cls(Database())
        with registry._database.reading() as session:
            is_new = session.get(DeploymentRow, 1) is None
        if is_new:
            registry._begin()
        return registry

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def _begin(self) -> None:
        first = self.add(RELEASED)
        with self._database.writing() as session:
            if session.get(DeploymentRow, 1) is None:  # else another process has begun it meanwhile
                row = ChangeRow(
                    kind="promote", version=first.name, at=now(), by="the released network", reason="",
                    champion=first.name, back=None, trial=None, share=0, previous=None, figures={},
                )  # fmt: skip
                session.add(row)
                session.flush()
                session.add(DeploymentRow(id=1, change=row.number))

    def versions(self) -> list[Version]:
        """All versions, in the order in which they were added."""
        with self._database.reading() as session:
            return [_version(row) for row in session.scalars(select(VersionRow).order_by(VersionRow.added))]

    def version(self, name: str) -> Version:
        """The version of that name.

        Raises:
            RegistryError: there is none; names those that there are.
        """
        with self._database.reading() as session:
            return _version(version_row(session, name))

    def add(
        self,
        released: Path,
        name: str | None = None,
        parent: str | None = None,
        taught: Mapping[str, Any] | None = None,
    ) -> Version:
        """Pack an exported network and add it; the same archive under the same name is added once.

        Args:
            released: the folder of a TorchScript file and its metadata, as `make export` leaves it.
            name: of the version; None for the one in the metadata.
            parent: the version that it was taught from.
            taught: what it was taught beside the data that its metadata names, such as `corrections`.

        Raises:
            RegistryError: the name is taken by another archive, or is no name.
            ArtifactError, OSError: the files are missing, do not belong together, or cannot be written.
        """
        metadata = read_metadata(released / METADATA_FILE)
        try:
            name = name or str(metadata["version"])
            created, metrics = datetime.fromisoformat(metadata["created"]), dict(metadata["metrics"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{released / METADATA_FILE} must have `version`, `created` (an ISO 8601 time) and `metrics`, as "
                f"`make export` writes them; found {error!r}"
            ) from error
        if not _NAME.fullmatch(name):
            raise RegistryError(
                f"{name!r} is no name of a version; accepted are up to {NAME_LENGTH} letters, digits, dots, dashes and "
                "underscores, the first a letter or a digit"
            )
        folder = store.pack(released, name)
        try:
            sha256 = sha256_of(folder / store.ARCHIVE)
            with self._database.writing() as session:
                known = session.get(VersionRow, name)
                if known is not None and known.sha256 != sha256:
                    raise RegistryError(
                        f"version {name} exists already, with another network, metadata, labels or code; choose "
                        "another name"
                    )
                if known is not None:
                    return _version(known)
                if parent is not None:
                    version_row(session, parent)
                row = VersionRow(
                    name=name,
                    added=now(),
                    created=created,
                    parent=parent,
                    sha256=sha256,
                    network_sha256=sha256_of(folder / MODEL_FILE),
                    metrics=metrics,
                    taught={"data": metadata.get("data", {}), **(taught or {})},
                    seed=metadata.get("training", {}).get("config", {}).get("seed"),
                    commit=metadata.get("commit"),
                )
                session.add(row)
                session.flush()
                store.keep(folder, name)  # before the transaction ends: no row is ever without its files
                return _version(row)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Delete a version that nobody needs.

        Raises:
            RegistryError: there is none, it is served, is the way back or on trial, or the history names it.
        """
        with store.removal(name) as remove_files, self._database.writing() as session:
            row = version_row(session, name)
            if session.scalar(select(ChangeRow.number).where(ChangeRow.version == name).limit(1)):
                raise RegistryError(f"version {name} was served or tried; the history keeps it")
            if child := session.scalar(select(VersionRow.name).where(VersionRow.parent == name).limit(1)):
                raise RegistryError(f"version {child} was taught from version {name}; remove that first")
            session.delete(row)
            session.flush()
            remove_files()  # before the transaction ends: the name is then free for other files

    def archive(self, name: str) -> CheckedArchive:
        """A version's archive, its digest checked.

        Raises:
            RegistryError: there is no such version.
            ArtifactError: the archive is missing, has another digest, or is broken.
            OSError: it cannot be read.
        """
        return store.load(name, self.version(name).sha256)


def _version(row: VersionRow) -> Version:
    return Version(
        row.name,
        utc(row.created),
        row.parent,
        row.sha256,
        row.network_sha256,
        dict(row.metrics),
        dict(row.taught),
        row.seed,
        row.commit,
    )
