"""The learner's tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from learner.accepted import ID_LENGTH
from release.versions.database import Schema


class Table(DeclarativeBase):
    """Base of the learner's tables."""

    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: Text,
        bytes: LargeBinary,
    }


class CorrectionRow(Table):
    """A picture, and what it shows according to who drew it."""

    __tablename__ = "corrections"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    """Of picture and label: the same correction has the same id."""
    picture: Mapped[bytes]
    label: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str | None] = mapped_column(String(40))
    """What was read in it."""
    confidence: Mapped[float | None]
    """In that, from 0 to 1."""
    version: Mapped[str | None] = mapped_column(String(40))
    """By which version."""
    strokes: Mapped[list[Any]]
    by: Mapped[str] = mapped_column(String(64), index=True)
    """Name of the key that it came with."""
    received: Mapped[datetime] = mapped_column(index=True)


class JobRow(Table):
    """One teaching, asked for, under way or over."""

    __tablename__ = "jobs"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    by: Mapped[str] = mapped_column(String(64))
    is_full: Mapped[bool]
    """A whole training, not a teaching of the champion."""
    promotes: Mapped[bool]
    """What passes the gate is served at once."""
    asked: Mapped[datetime]
    ended: Mapped[datetime | None]
    attempts: Mapped[int]
    """How often it was begun."""
    lease: Mapped[datetime | None]
    """Until when the learner that works on it has it, unless it renews that."""
    is_cancelled: Mapped[bool]
    progress: Mapped[float]
    words: Mapped[str]
    """What is done now, or how it ended."""
    verdict: Mapped[dict[str, Any]]
    version: Mapped[str | None] = mapped_column(String(40))
    """What came of it."""


SCHEMA = Schema(
    "the learner's database", Table.metadata, Path(__file__).with_name("migrations"), "digits_learner_alembic_version"
)
