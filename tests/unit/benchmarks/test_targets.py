"""Ratios, spreads and the targets that they meet or miss."""

from dataclasses import replace

from benchmarks.servers import SERVERS
from benchmarks.targets import TARGETS, Spread, judge
from tests.benchmark_runs import RUN


def test_ratios_are_taken_within_a_round_against_its_best_peer() -> None:
    speeds = {"fastapi": (500.0, 100.0), "flask": (250.0, 400.0), "litserve": (100.0, 100.0)}
    runs = [replace(RUN, round=number, requests_per_s=1000.0) for number in (1, 2)]
    for name, (first, second) in speeds.items():
        runs += [replace(RUN, server=name, requests_per_s=first)]
        runs += [replace(RUN, server=name, round=2, requests_per_s=second)]
    [verdict] = judge(runs)
    assert verdict.target.figure == "28x28, 64 connections, ours / best Python peer"
    assert verdict.spread == Spread(2.25, 2.0, 2.5)
    assert not verdict.is_met


def test_a_single_error_in_any_round_misses_the_target() -> None:
    runs = [replace(RUN, round=number, connections=256, errors=errors) for number, errors in ((1, 0), (2, 1), (3, 0))]
    tail, errors = judge(runs)
    assert (tail.spread.median, tail.is_met) == (3.0, True)
    assert (errors.spread, errors.is_met) == (Spread(0, 0, 1), False)


def test_all_targets_are_judged_where_everything_was_measured() -> None:
    cells = {(target.input, target.connections) for target in TARGETS}
    runs = [replace(RUN, server=name, input=cell[0], connections=cell[1]) for name in SERVERS for cell in cells]
    assert [verdict.target for verdict in judge(runs)] == list(TARGETS)
