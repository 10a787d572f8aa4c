"""A learner's database of the test's own, of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from learner.accepted import Correction
from learner.corrections import Corrections
from learner.jobs.queue import Queue
from learner.tables import SCHEMA
from release.versions.database import Database
from tests.drawing import draw_digit, encoded


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with closing(Database(SCHEMA)) as found:
        yield found


@pytest.fixture
def corrections(opened: Database) -> Corrections:
    return Corrections(opened)


@pytest.fixture
def queue(opened: Database) -> Queue:
    return Queue(opened)


def correction(digit: int, label: str = "", version: str | None = "1.0") -> Correction:
    """A drawing of a digit, corrected to that or to another label."""
    strokes = [{"points": [{"x": 0.2, "y": 0.2}, {"x": 0.8, "y": 0.7}], "width": 0.05, "erases": False}]
    return Correction(encoded(draw_digit(digit)), label or str(digit), "1", 0.75, version, strokes)
