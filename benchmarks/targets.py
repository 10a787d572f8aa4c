"""The medians over the rounds, and the targets that they are compared with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.load import Run
from benchmarks.servers import PEERS

Cell = Mapping[str, Run]
"""The runs of one round with one input and one number of connections, by server."""

Value = Callable[[Cell], float]


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Target:
    """A figure that must reach a bound (`is_least`) or must not pass it: in the median, or in every round.

    `value` raises `KeyError` where a server that it compares was not measured.
    """

    figure: str
    input: str
    connections: int
    value: Value
    bound: float
    is_least: bool = True
    is_for_every_round: bool = False


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured."""

    target: Target
    spread: Spread

    @property
    def is_met(self) -> bool:
        """Whether the measured value keeps to the bound."""
        worst = self.spread.low if self.target.is_least else self.spread.high
        value = worst if self.target.is_for_every_round else self.spread.median
        return value >= self.target.bound if self.target.is_least else value <= self.target.bound


def _throughput_over(*others: str) -> Value:
    return lambda cell: cell["ours"].requests_per_s / max(cell[other].requests_per_s for other in others)


def _p50_over_floor(cell: Cell) -> float:
    return cell["ours"].p50_ms / cell["noop"].p50_ms


def _tail(cell: Cell) -> float:
    return cell["ours"].p99_ms / cell["ours"].p50_ms


def _errors(cell: Cell) -> float:
    return float(cell["ours"].errors)


TARGETS = (
    Target("28x28, 64 connections, ours / best Python peer", "28x28", 64, _throughput_over(*PEERS), 2.5),
    Target("28x28, 16 connections, ours / best Python peer", "28x28", 16, _throughput_over(*PEERS), 1.5),
    Target("28x28, 64 connections, ours / no-op floor", "28x28", 64, _throughput_over("noop"), 0.6),
    Target("canvas, 64 connections, ours / best Python peer", "canvas", 64, _throughput_over(*PEERS), 1.6),
    Target("canvas, 16 connections, ours / best Python peer", "canvas", 16, _throughput_over(*PEERS), 1.2),
    Target("28x28, one connection, p50, ours / no-op floor", "28x28", 1, _p50_over_floor, 1.25, is_least=False),
    Target("28x28, 256 connections, ours, p99 / p50", "28x28", 256, _tail, 5, is_least=False),
    Target("canvas, 256 connections, ours, p99 / p50", "canvas", 256, _tail, 5, is_least=False),
    Target("28x28, 256 connections, ours, errors", "28x28", 256, _errors, 0, is_least=False, is_for_every_round=True),
    Target("canvas, 256 connections, ours, errors", "canvas", 256, _errors, 0, is_least=False, is_for_every_round=True),
    Target("28x28, 64 connections, ours / ours without metrics", "28x28", 64, _throughput_over("unmetered"), 0.95),
)
"""Ratios are taken within each round, so that a disturbance of the machine affects all its servers."""


def judge(runs: Iterable[Run], targets: Sequence[Target] = TARGETS) -> list[Verdict]:
    """A verdict on each target; one whose servers, input or connections were not measured is left out."""
    cells: dict[tuple[int, str, int], dict[str, Run]] = defaultdict(dict)
    for run in runs:
        cells[run.round, run.input, run.connections][run.server] = run
    verdicts = []
    for target in targets:
        measured = [cell for key, cell in cells.items() if key[1:] == (target.input, target.connections)]
        try:
            values = [target.value(cell) for cell in measured]
        except KeyError:
            continue
        if values:
            verdicts.append(Verdict(target, Spread.of(values)))
    return verdicts
