"""One node asked directly and through the gateway, in rounds, and the table that compares them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import ask
from benchmarks.results import markdown, spread
from benchmarks.rounds import WARM_UP_CONNECTIONS, Report, order
from benchmarks.targets import Spread

NODE, PLAIN, TLS = "the node itself", "the gateway, --no-tls", "the gateway, TLS"


@dataclass(frozen=True)
class Measured:
    """One run of wrk: which of the three was asked, over how many connections, and what came of it."""

    round: int
    target: str
    connections: int
    requests_per_s: float
    p50_ms: float
    errors: int


def measure(
    urls: Mapping[str, str], picture: Path, rounds: int, connections: Sequence[int], seconds: float, report: Report
) -> Iterator[Measured]:
    """Ask every address with every number of connections, once a round.

    Args:
        urls: by the names that the table has.
        picture: the file to send.
        rounds: how many.
        connections: the numbers of them.
        seconds: how long each run takes, and the warming of each address before.
        report: called with a line for each run.

    Raises:
        OperatorError: wrk failed, or nothing was answered.
    """
    for url in urls.values():
        ask(url, picture, WARM_UP_CONNECTIONS, seconds)
    for number in range(rounds):
        for target in order(list(urls), number):
            for count in connections:
                found = ask(urls[target], picture, count, seconds)
                one = Measured(
                    number + 1, target, count, found["requests_per_s"], found["p50_ms"], errors=found["errors"]
                )
                speed = f"{one.requests_per_s:,.0f} requests/s, p50 {one.p50_ms:.2f} ms"
                report(f"round {one.round} of {rounds}: {target}, {count} connections: {speed}")
                yield one


def table(runs: Sequence[Measured], conditions: str) -> str:
    """Medians and ranges, and ratios to the node itself, which are taken within each round."""
    heads = ("connections", "asked", "requests/s", "of the node's", "p50, ms", "over the node's, ms", "errors")
    rows: list[Sequence[str]] = [heads, ("---",) * len(heads)]
    for count in dict.fromkeys(one.connections for one in runs):
        own = {one.round: one for one in runs if (one.target, one.connections) == (NODE, count)}
        for target in dict.fromkeys(one.target for one in runs):
            some = [one for one in runs if (one.target, one.connections) == (target, count)]
            share = Spread.of([one.requests_per_s / own[one.round].requests_per_s for one in some])
            more = Spread.of([one.p50_ms - own[one.round].p50_ms for one in some])
            speed, p50 = Spread.of([one.requests_per_s for one in some]), Spread.of([one.p50_ms for one in some])
            figures = (spread(speed, 0), spread(share, 2), spread(p50, 2), spread(more, 2))
            rows.append((str(count), target, *figures, f"{sum(one.errors for one in some):,}"))
    return f"# What the gateway costs\n\n{conditions}\n\n{markdown(rows)}\n"
