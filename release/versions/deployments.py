"""What shall be served: one row of the database, changed by one transaction. Servers follow it and report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from release.versions.database import Database, RegistryError
from release.versions.records import Change, Deployment, Server, Trial
from release.versions.tables import ChangeRow, DeploymentRow, ServerRow, VersionRow

MAX_SHARE = 50
"""Per cent of the requests that a version on trial may answer."""

ALIVE_S = 10.0
"""How long after its last report a server counts as one that follows."""


class Deployments:
    """Which version is champion, which is on trial, how it came to that, and which servers have done it."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
            return promote(session, name, by)

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
            version_row(session, name)
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
            return [Change(row.number, row.kind, row.version, utc(row.at), row.by, row.reason) for row in rows]

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
            seen = [Server(row.id, row.address, row.change, row.problem, utc(row.seen)) for row in rows]
        return [server for server in seen if server.seen > now() - timedelta(seconds=within_s)]

    def record_trial(self, change: int, figures: dict[str, Any]) -> None:
        """Keep what came so far of the trial that a change began."""
        with self._database.writing() as session:
            session.execute(update(ChangeRow).where(ChangeRow.number == change).values(figures=figures))

    def trial_figures(self, change: int) -> dict[str, Any]:
        """What came of the trial that a change began; empty where nothing did."""
        with self._database.reading() as session:
            row = session.get(ChangeRow, change)
            return dict(row.figures) if row else {}


def promote(session: Session, name: str, by: str) -> Deployment:
    """`Deployments.promote` as a part of another transaction."""
    current = _current(session)
    version_row(session, name)
    if name == current.champion:
        raise RegistryError(f"version {name} is the champion already")
    return _change(session, current, "promote", name, by, champion=name, back=current.number)


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
        kind=kind, version=version, at=now(), by=by, reason=reason, previous=current.number, figures={}, **state
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


def version_row(session: Session, name: str) -> VersionRow:
    """The row of a version.

    Raises:
        RegistryError: there is none; names those that there are.
    """
    row = session.get(VersionRow, name)
    if row is None:
        names = ", ".join(session.scalars(select(VersionRow.name).order_by(VersionRow.added)))
        raise RegistryError(f"there is no version {name!r}; there are {names}")
    return row


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """SQLite returns moments without their zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
