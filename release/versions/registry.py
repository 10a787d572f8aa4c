"""The registry of versions: which there are, which one is champion, and how it came to that.

What shall be served is one row of the database, changed by one transaction. Servers follow it and report.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.artifacts import METADATA_FILE, MODEL_FILE, read_metadata, sha256_of
from model.errors import ArtifactError
from model.locations import RELEASED
from release.archive_digest import CheckedArchive
from release.versions import store
from release.versions.database import Database, RegistryError
from release.versions.records import Change, Deployment, Server, Trial, Version
from release.versions.tables import NAME_LENGTH, ChangeRow, DeploymentRow, ServerRow, VersionRow

MAX_SHARE = 50
"""Per cent of the requests that a version on trial may answer."""

ALIVE_S = 10.0
"""How long after its last report a server counts as one that follows."""

_NAME = re.compile(rf"[0-9A-Za-z][0-9A-Za-z._-]{{0,{NAME_LENGTH - 1}}}")


class Registry:
    """The versions in the state folder and the database; see `Database` for the address."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        try:
            with self._database.writing() as session:
                if session.get(DeploymentRow, 1) is None:
                    row = ChangeRow(
                        kind="promote", version=first.name, at=_now(), by="the released network", reason="",
                        champion=first.name, back=None, trial=None, share=0, previous=None, figures={},
                    )  # fmt: skip
                    session.add(row)
                    session.flush()
                    session.add(DeploymentRow(id=1, change=row.number))
        except RegistryError as error:
            if not isinstance(error.__cause__, IntegrityError):  # another process has begun it meanwhile
                raise

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
            return _version(_row(session, name))

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
                    _row(session, parent)
                row = VersionRow(
                    name=name,
                    added=_now(),
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
        with self._database.writing() as session:
            row = _row(session, name)
            if session.scalar(select(ChangeRow.number).where(ChangeRow.version == name).limit(1)):
                raise RegistryError(f"version {name} was served or tried; the history keeps it")
            if child := session.scalar(select(VersionRow.name).where(VersionRow.parent == name).limit(1)):
                raise RegistryError(f"version {child} was taught from version {name}; remove that first")
            session.delete(row)
        store.remove(name)

    def archive(self, name: str) -> CheckedArchive:
        """A version's archive, its digest checked.

        Raises:
            RegistryError: there is no such version.
            ArtifactError: the archive is missing, has another digest, or is broken.
            OSError: it cannot be read.
        """
        return store.load(name, self.version(name).sha256)

    def deployment(self) -> Deployment:
        """What shall be served."""
        with self._database.reading() as session:
            return _deployment(session, _current(session))

    def promote(self, name: str, by: str) -> Deployment:
        """Make a version champion; the champion before it becomes the way back, and a trial ends.

        Raises:
            RegistryError: there is no such version, or it is the champion.
        """
        with self._database.writing() as session:
            current = _current(session)
            _row(session, name)
            if name == current.champion:
                raise RegistryError(f"version {name} is the champion already")
            return _change(session, current, "promote", name, by, champion=name, back=current.number)

    def rollback(self, by: str) -> Deployment:
        """Make the champion before this one champion again; a trial ends.

        Raises:
            RegistryError: there was none before it.
        """
        with self._database.writing() as session:
            current = _current(session)
            if current.back is None:
                raise RegistryError(f"there was no champion before version {current.champion}; promote one by its name")
            target = session.get_one(ChangeRow, current.back)
            return _change(
                session, current, "rollback", target.champion, by, champion=target.champion, back=target.back
            )

    def start_trial(self, name: str, share: int, by: str) -> Deployment:
        """Put a version on trial beside the champion.

        Args:
            name: the version.
            share: per cent of the requests that it answers, 0 to `MAX_SHARE`; see `Trial`.
            by: who asks for it.

        Raises:
            RegistryError: there is no such version, it is the champion, or the share is out of bounds.
        """
        if not 0 <= share <= MAX_SHARE:
            raise RegistryError(f"the share is {share}; accepted are 0 to {MAX_SHARE} per cent")
        with self._database.writing() as session:
            current = _current(session)
            _row(session, name)
            if name == current.champion:
                raise RegistryError(f"version {name} is the champion; another one goes on trial")
            return _change(session, current, "try", name, by, trial=name, share=share)

    def end_trial(self, by: str) -> Deployment:
        """Drop the version on trial.

        Raises:
            RegistryError: there is none.
        """
        with self._database.writing() as session:
            current = _current(session)
            if current.trial is None:
                raise RegistryError("no version is on trial")
            return _change(session, current, "drop", current.trial, by)

    def refuse(self, change: int, reason: str, by: str) -> Deployment | None:
        """Take back a change that a server cannot make true; None where another has come since.

        What came back by this is not taken back again: before it there is only what was refused.

        Args:
            change: its number.
            reason: what was wrong.
            by: the server.
        """
        with self._database.writing() as session:
            current = _current(session)
            if current.number != change or current.previous is None or current.kind == "refused":
                return None
            last = session.get_one(ChangeRow, current.previous)
            kept = {"champion": last.champion, "back": last.back, "trial": last.trial, "share": last.share}
            return _change(session, current, "refused", current.version, by, reason, **kept)

    def history(self, last: int = 20) -> list[Change]:
        """The latest changes, the newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(ChangeRow).order_by(ChangeRow.number.desc()).limit(last))
            return [Change(row.number, row.kind, row.version, _utc(row.at), row.by, row.reason) for row in rows]

    def report(self, server: Server) -> None:
        """Keep what a server reports of itself."""
        with self._database.writing() as session:
            session.merge(ServerRow(**asdict(server)))

    def forget_server(self, id: str) -> None:
        """A server has ended."""
        with self._database.writing() as session:
            session.execute(delete(ServerRow).where(ServerRow.id == id))

    def servers(self, within_s: float = ALIVE_S) -> list[Server]:
        """The servers that have reported within so many seconds."""
        with self._database.reading() as session:
            rows = session.scalars(select(ServerRow).order_by(ServerRow.id))
            seen = [Server(row.id, row.address, row.change, row.problem, _utc(row.seen)) for row in rows]
        return [server for server in seen if server.seen > _now() - timedelta(seconds=within_s)]

    def record_trial(self, change: int, figures: dict[str, Any]) -> None:
        """Keep what came so far of the trial that a change began."""
        with self._database.writing() as session:
            session.execute(update(ChangeRow).where(ChangeRow.number == change).values(figures=figures))

    def trial_figures(self, change: int) -> dict[str, Any]:
        """What came of the trial that a change began; empty where nothing did."""
        with self._database.reading() as session:
            row = session.get(ChangeRow, change)
            return dict(row.figures) if row else {}


def _change(
    session: Session,
    current: ChangeRow,
    kind: str,
    version: str,
    by: str,
    reason: str = "",
    **differences: Any,
) -> Deployment:
    """Add a change that keeps what it does not differ in, but for a trial, and put it in force."""
    state = {"champion": current.champion, "back": current.back, "trial": None, "share": 0} | differences
    row = ChangeRow(
        kind=kind, version=version, at=_now(), by=by, reason=reason, previous=current.number, figures={}, **state
    )
    session.add(row)
    session.flush()
    moved = session.execute(
        update(DeploymentRow)
        .where(DeploymentRow.id == 1, DeploymentRow.change == current.number)
        .values(change=row.number)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise RegistryError("another change was made at the same time; look at `make versions`, then ask again")
    return _deployment(session, row)


def _current(session: Session) -> ChangeRow:
    deployment = session.get(DeploymentRow, 1)
    if deployment is None:
        raise RegistryError("the registry has no champion yet; `make versions` begins it")
    return session.get_one(ChangeRow, deployment.change)


def _deployment(session: Session, row: ChangeRow) -> Deployment:
    before = session.get_one(ChangeRow, row.back).champion if row.back is not None else None
    trial = Trial(row.trial, row.share) if row.trial is not None else None
    return Deployment(row.number, row.champion, before, trial)


def _row(session: Session, name: str) -> VersionRow:
    row = session.get(VersionRow, name)
    if row is None:
        names = ", ".join(session.scalars(select(VersionRow.name).order_by(VersionRow.added)))
        raise RegistryError(f"there is no version {name!r}; there are {names}")
    return row


def _version(row: VersionRow) -> Version:
    return Version(
        row.name,
        _utc(row.created),
        row.parent,
        row.sha256,
        row.network_sha256,
        dict(row.metrics),
        dict(row.taught),
        row.seed,
        row.commit,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _utc(moment: datetime) -> datetime:
    """SQLite returns moments without their zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
