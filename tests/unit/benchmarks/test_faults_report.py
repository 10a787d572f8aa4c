"""The table of what was lost, and whether it is as it should be."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.faults.clients import REFUSED, RIGHT, Tally
from benchmarks.faults.report import results, table
from benchmarks.faults.rows import QUIET, ROWS, Row

SLOW_CLIENTS = ROWS[-1]
RIGHT_ONLY = Tally(Counter({RIGHT: 4}), [0.1, 0.2, 0.3, 0.4])


def holds(row: Row, tally: Tally) -> bool:
    [*_, result] = results({QUIET: RIGHT_ONLY, row: tally})
    return result.holds


@pytest.mark.parametrize(("slowest_s", "expected"), [(0.8, True), (0.81, False)])
def test_half_sent_requests_may_double_the_quiet_p99_at_most(slowest_s: float, expected: bool) -> None:
    assert holds(SLOW_CLIENTS, replace(RIGHT_ONLY, seconds=[slowest_s])) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"), [("500 broken", False), ("no answer", False), (f"{REFUSED} 503", True), ("503", False)]
)
def test_a_refusal_is_no_loss_where_it_says_when_to_ask_again(outcome: str, expected: bool) -> None:
    assert holds(replace(QUIET, name="other"), Tally(Counter({RIGHT: 1, outcome: 1}), [0.1, 0.1])) == expected


def test_only_the_death_of_envoy_itself_may_lose_something() -> None:
    [row] = [row for row in ROWS if row.loses_held]
    assert "gateway" in row.name
    assert holds(row, Tally(Counter({RIGHT: 1, "ReadError": 1}), [0.1, 0.1]))


def test_the_table_has_what_was_measured_and_what_was_not() -> None:
    overload = replace(QUIET, name="too much")
    tallies = {QUIET: RIGHT_ONLY, overload: replace(RIGHT_ONLY, note="half of it was refused.")}
    text = table(results(tallies), {ROWS[4]: "needs root"}, "somewhere")
    assert "| nothing | 4 | 0 | 0.40 (3) | 0.20 | 0.40 |" in text
    assert "too much: half of it was refused." in text
    assert f"Not measured: {ROWS[4].name}; it needs root." in text
