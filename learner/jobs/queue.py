"""The queue of jobs, in the database: one at a time over all learners, taken up again where its learner is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from learner.tables import JobRow
from release.versions.database import Database
from release.versions.deployments import now, promote, utc

QUEUED, RUNNING, PROMOTED, PASSED, REFUSED, FAILED, CANCELLED = (
    "queued", "running", "promoted", "passed", "refused", "failed", "cancelled",
)  # fmt: skip
OVER = (PROMOTED, PASSED, REFUSED, FAILED, CANCELLED)
"""States that a job does not leave; `PASSED`: the gate lets it through, and a person is to promote it."""

LEASE_S = 15.0
"""How long a job stays with a learner that says nothing more."""

MAX_ATTEMPTS = 3
MAX_QUEUED = 20


@dataclass(frozen=True)
class Job:
    """One teaching.

    Attributes:
        number: of the job.
        state: `QUEUED`, `RUNNING` or one of `OVER`.
        by: name of the key that asked for it.
        is_full: whether it is a whole training, not a teaching of the champion.
        promotes: whether what passes the gate is served at once.
        asked, ended: when; None while it is not over.
        attempt: how often it was begun.
        progress: from 0 to 1.
        words: what is done now, or how it ended.
        verdict: the gate's, as far as it came.
        version: what came of it.
    """

    number: int
    state: str
    by: str
    is_full: bool
    promotes: bool
    asked: datetime
    ended: datetime | None
    attempt: int
    progress: float
    words: str
    verdict: Mapping[str, Any]
    version: str | None


class LostError(Exception):
    """A job is no longer this process's: it was cancelled, or another learner has taken it up."""


class Queue:
    """The jobs in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, by: str, *, is_full: bool, promotes: bool) -> Job | None:
        """Queue a job; None where `MAX_QUEUED` wait already."""
        with self._database.writing() as session:
            waiting = session.scalars(select(JobRow.number).where(JobRow.state == QUEUED)).all()
            if len(waiting) >= MAX_QUEUED:
                return None
            row = JobRow(
                state=QUEUED, by=by, is_full=is_full, promotes=promotes, asked=now(), attempts=0, is_cancelled=False,
                progress=0.0, words="waits for its turn", verdict={},
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _job(row)

    def get(self, number: int) -> Job | None:
        """A job by its number; None where there is no such one."""
        with self._database.reading() as session:
            row = session.get(JobRow, number)
            return _job(row) if row is not None else None

    def listed(self, limit: int) -> Sequence[Job]:
        """The newest jobs, at most so many."""
        with self._database.reading() as session:
            return [_job(row) for row in session.scalars(select(JobRow).order_by(JobRow.number.desc()).limit(limit))]

    def claim(self) -> Job | None:
        """Take the job that is to be done next; None where there is none, or another learner works."""
        with self._database.writing() as session:
            row = session.scalar(select(JobRow).where(JobRow.state == RUNNING))
            if row is not None and row.lease is not None and utc(row.lease) > now():
                return None
            if row is not None and row.is_cancelled:
                _end(row, CANCELLED, "cancelled")
                row = None
            elif row is not None and row.attempts >= MAX_ATTEMPTS:
                _end(row, FAILED, f"it was begun {row.attempts} times, and each time learner or job was killed")
                row = None
            row = row or session.scalar(select(JobRow).where(JobRow.state == QUEUED).order_by(JobRow.number).limit(1))
            if row is None:
                return None
            row.state, row.attempts, row.lease = RUNNING, row.attempts + 1, now() + timedelta(seconds=LEASE_S)
            row.progress, row.words = 0.0, "begins"
            session.flush()
            return _job(row)

    def renew(self, job: Job) -> None:
        """Keep a job.

        Raises:
            LostError: it is not this attempt's any more, or is to be cancelled.
        """
        with self._database.writing() as session:
            row = _own(session, job)
            if row.is_cancelled:
                raise LostError
            row.lease = now() + timedelta(seconds=LEASE_S)

    def report(self, job: Job, progress: float, words: str) -> None:
        """Tell how far a job is.

        Raises:
            LostError: it is not this attempt's any more.
        """
        with self._database.writing() as session:
            row = _own(session, job)
            row.progress, row.words = progress, words

    def end(
        self, job: Job, state: str, words: str, verdict: Mapping[str, Any] | None = None, version: str | None = None
    ) -> None:
        """End a job, once.

        Raises:
            LostError: it is not this attempt's any more.
        """
        with self._database.writing() as session:
            row = _own(session, job)
            _end(row, state, words)
            row.verdict, row.version = dict(verdict or {}), version

    def promote(self, job: Job, version: str, words: str, verdict: Mapping[str, Any]) -> None:
        """Make what came of a job champion, and end the job: both or neither.

        Raises:
            LostError: it is not this attempt's any more.
            RegistryError: another change came between.
        """
        with self._database.writing() as session:
            row = _own(session, job)
            promote(session, version, f"job {job.number} of {job.by}")
            _end(row, PROMOTED, words)
            row.verdict, row.version = dict(verdict), version

    def cancel(self, number: int) -> Job | None:
        """Cancel a job: at once where it waits, soon where it runs; None where there is no such one."""
        with self._database.writing() as session:
            row = session.get(JobRow, number)
            if row is None:
                return None
            if row.state == QUEUED:
                _end(row, CANCELLED, "cancelled before it began")
            elif row.state == RUNNING:
                row.is_cancelled = True
            return _job(row)

    def ended(self) -> Sequence[Job]:
        """All jobs that are over."""
        with self._database.reading() as session:
            return [_job(row) for row in session.scalars(select(JobRow).where(JobRow.state.in_(OVER)))]

    def release(self, job: Job) -> None:
        """Give a job back that was begun and not done, because its learner is stopped; this attempt does not count."""
        with self._database.writing() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.number == job.number, JobRow.state == RUNNING, JobRow.attempts == job.attempt)
                .values(state=QUEUED, attempts=job.attempt - 1, lease=None, progress=0.0, words="waits for its turn")
            )


def _own(session: Session, job: Job) -> JobRow:
    row = session.get(JobRow, job.number)
    if row is None or row.state != RUNNING or row.attempts != job.attempt:
        raise LostError
    return row


def _end(row: JobRow, state: str, words: str) -> None:
    row.state, row.words, row.ended, row.lease, row.progress = state, words, now(), None, 1.0


def _job(row: JobRow) -> Job:
    ended = utc(row.ended) if row.ended else None
    return Job(
        row.number, row.state, row.by, row.is_full, row.promotes, utc(row.asked), ended, row.attempts, row.progress,
        row.words, row.verdict, row.version,
    )  # fmt: skip
