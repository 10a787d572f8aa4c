"""The table of what was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.faults.clients import Tally
from benchmarks.faults.rows import QUIET, Row
from benchmarks.results import markdown


@dataclass(frozen=True)
class Result:
    """One row, as measured; `quiet_p99_s` is that of the row where nothing happens, None where it was not measured."""

    row: Row
    tally: Tally
    quiet_p99_s: float | None

    @property
    def slowest_s(self) -> float | None:
        """How long the slowest answer may take; None where that is not known."""
        if self.row.slowest_s is not None:
            return self.row.slowest_s
        return None if self.quiet_p99_s is None else 2 * self.quiet_p99_s

    @property
    def holds(self) -> bool:
        """Whether nothing was lost that may not be, and no answer was too slow."""
        bound = self.slowest_s
        return (self.row.loses_held or not self.tally.lost) and (bound is None or max(self.tally.seconds) <= bound)

    @property
    def cells(self) -> list[str]:
        """Of the table."""
        lost = sum(self.tally.lost.values())
        held = " (what Envoy held)" if self.row.loses_held and lost else ""
        bound = "" if self.slowest_s is None else f" ({self.slowest_s:.3g})"
        times = [f"{self.tally.percentile_s(share):.2f}" for share in (0.5, 0.99)]
        requests = self.tally.outcomes.total()
        return [self.row.name, f"{requests:,}", f"{lost:,}{held}", f"{max(self.tally.seconds):.2f}{bound}", *times]


def results(tallies: Mapping[Row, Tally]) -> list[Result]:
    """All rows that were measured, in their order."""
    quiet = tallies.get(QUIET)
    p99_s = None if quiet is None else quiet.percentile_s(0.99)
    return [Result(row, tally, p99_s) for row, tally in tallies.items()]


def table(measured: Sequence[Result], skipped: Mapping[Row, str], conditions: str) -> str:
    """Markdown; `skipped` tells why a row could not be measured."""
    heads = ["fault", "requests", "lost", "slowest, s (at most)", "p50, s", "p99, s"]
    rows = [heads, ["---"] * len(heads), *(result.cells for result in measured)]
    notes = [f"{result.row.name}: {result.tally.note}" for result in measured if result.tally.note]
    notes += [f"Not measured: {row.name}; it {reason}." for row, reason in skipped.items()]
    parts = ["# What is lost when something dies behind the gateway", conditions]
    parts.append(markdown(rows))
    return "\n\n".join(parts + notes) + "\n"
