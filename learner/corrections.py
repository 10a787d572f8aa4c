"""Keeps corrections: each once, within bounds, until it is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, func, insert, select

from learner.accepted import Correction
from learner.tables import CorrectionRow
from model.errors import OperatorError
from release.versions.database import Database
from release.versions.deployments import now, utc

MAX_PER_MINUTE = 600
"""Corrections that one key may add."""

MAX_KEPT = 50_000
"""Corrections in all, as many as an export holds."""

_FACTS = [column for column in CorrectionRow.__table__.columns if column.name not in ("picture", "strokes")]


class TooManyError(OperatorError):
    """No more corrections are accepted now.

    Attributes:
        retry_after_s: when to ask again; None where an operator has to make room first.
    """

    def __init__(self, message: str, retry_after_s: int | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Kept:
    """What is known of a correction, but for the drawing itself."""

    id: str
    label: str
    answer: str | None
    confidence: float | None
    version: str | None
    by: str
    received: datetime


class Corrections:
    """The corrections in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, corrections: Sequence[Correction], by: str) -> list[str]:
        """Keep corrections, all or none; one that is known already stays as it is.

        Args:
            corrections: that were checked.
            by: name of the key that they came with.

        Returns:
            their ids, in this order.

        Raises:
            TooManyError: of this key in a minute, or in all.
            DatabaseError: the database does not answer.
        """
        new = {correction.id: correction for correction in corrections}
        ids = select(CorrectionRow.id)
        with self._database.writing() as session:
            known = set(session.scalars(ids.where(CorrectionRow.id.in_(new))))
            count = len(new.keys() - known)
            recent = session.scalar(
                select(func.count())
                .select_from(CorrectionRow)
                .where(CorrectionRow.by == by, CorrectionRow.received > now() - timedelta(minutes=1))
            )
            if count and (recent or 0) + count > MAX_PER_MINUTE:
                raise TooManyError(
                    f"the key {by!r} has sent {recent} corrections within a minute, and these are {count} more; "
                    f"accepted are {MAX_PER_MINUTE}",
                    60,
                )
            kept = session.scalar(select(func.count()).select_from(CorrectionRow)) or 0
            if kept + count > MAX_KEPT:
                raise TooManyError(
                    f"{kept:,} corrections are kept, and {MAX_KEPT:,} is the most; an admin can export and erase them",
                    None,
                )
            rows = [
                {
                    "id": id,
                    "picture": one.picture,
                    "label": one.label,
                    "answer": one.answer,
                    "confidence": one.confidence,
                    "version": one.version,
                    "strokes": [dict(stroke) for stroke in one.strokes],
                    "by": by,
                    "received": now(),
                }
                for id, one in new.items()
                if id not in known
            ]
            if rows:
                session.execute(insert(CorrectionRow), rows)
        return [correction.id for correction in corrections]

    def count(self) -> int:
        """How many are kept."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(CorrectionRow)) or 0

    def listed(self, limit: int, before: datetime | None = None) -> list[Kept]:
        """The newest, at most so many, of those received before a moment."""
        query = select(*_FACTS).order_by(CorrectionRow.received.desc(), CorrectionRow.id).limit(limit)
        if before is not None:
            query = query.where(CorrectionRow.received < before)
        with self._database.reading() as session:
            return [_kept(row) for row in session.execute(query)]

    def get(self, id: str) -> tuple[Kept, Correction] | None:
        """One correction, whole; None where there is no such one."""
        with self._database.reading() as session:
            row = session.get(CorrectionRow, id)
            return _whole(row) if row is not None else None

    def all(self) -> list[tuple[Kept, Correction]]:
        """All corrections, whole, in the order in which they came."""
        with self._database.reading() as session:
            rows = session.scalars(select(CorrectionRow).order_by(CorrectionRow.received, CorrectionRow.id))
            return [_whole(row) for row in rows]

    def erase(self, id: str | None) -> int:
        """Erase one correction, or all of them where None is named; returns how many there were."""
        query = delete(CorrectionRow)
        with self._database.writing() as session:
            erased = session.execute(query if id is None else query.where(CorrectionRow.id == id))
        self._database.forget_erased()
        return int(erased.rowcount)  # type: ignore[attr-defined]


def _kept(row: CorrectionRow | Row) -> Kept:  # type: ignore[type-arg]
    return Kept(row.id, row.label, row.answer, row.confidence, row.version, row.by, utc(row.received))


def _whole(row: CorrectionRow) -> tuple[Kept, Correction]:
    correction = Correction(row.picture, row.label, row.answer, row.confidence, row.version, row.strokes)
    return _kept(row), correction
