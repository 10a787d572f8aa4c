"""The registry's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAME_LENGTH = 40


class Table(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSON, str: Text}  # noqa: RUF012


class VersionRow(Table):
    """A network that may serve; its files lie in the store."""

    __tablename__ = "versions"

    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    added: Mapped[datetime]
    created: Mapped[datetime]
    parent: Mapped[str | None] = mapped_column(String(NAME_LENGTH), ForeignKey("versions.name"))
    sha256: Mapped[str] = mapped_column(String(64))
    network_sha256: Mapped[str] = mapped_column(String(64))
    metrics: Mapped[dict[str, Any]]
    taught: Mapped[dict[str, Any]]
    seed: Mapped[int | None]
    commit: Mapped[str | None]


class ChangeRow(Table):
    """What shall be served from this change on, whole. Of a row that was added only the trial's figures change."""

    __tablename__ = "changes"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(10))
    version: Mapped[str] = mapped_column(String(NAME_LENGTH), ForeignKey("versions.name"))
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str]
    champion: Mapped[str] = mapped_column(String(NAME_LENGTH), ForeignKey("versions.name"))
    back: Mapped[int | None] = mapped_column(ForeignKey("changes.number"))
    """The change that a rollback returns to."""
    trial: Mapped[str | None] = mapped_column(String(NAME_LENGTH), ForeignKey("versions.name"))
    share: Mapped[int]
    previous: Mapped[int | None] = mapped_column(ForeignKey("changes.number"))
    """The change before, which is returned to where this one cannot be served."""
    figures: Mapped[dict[str, Any]]


class DeploymentRow(Table):
    """The one row that says which change is in force."""

    __tablename__ = "deployment"
    __table_args__ = (CheckConstraint("id = 1", name="one_deployment"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    change: Mapped[int] = mapped_column(ForeignKey("changes.number"))


class ServerRow(Table):
    """A supervisor that serves versions, as it last reported."""

    __tablename__ = "servers"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    address: Mapped[str]
    change: Mapped[int]
    problem: Mapped[str]
    seen: Mapped[datetime]
