"""Counts what is lost while versions of the network are promoted, taken back, tried and refused, under full load.

With one TorchServe, then with three behind the gateway. Progress goes to stderr, the table to stdout and to a file.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from benchmarks.faults.gateway_process import free_node_port, running_gateway
from benchmarks.results import Conditions, markdown
from benchmarks.versions.clients import Asked, asking
from benchmarks.versions.offers import OFFERS, offer
from benchmarks.versions.one_node import one_node
from model.artifacts import write_atomically
from model.errors import OperatorError
from model.locations import RELEASED, ROOT
from release.versions.changing import change, checked
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from release.versions.registry import Registry
from serving.console import run, say
from serving.settings import SAMPLE

RESULTS = ROOT / "benchmarks" / "results" / "versions.md"
NODES = 3
LABEL = "7"  # of the sample
BY = "measure_versions"
SHARE = 10  # per cent, of the trial
MAX_ROLLBACK_S = 5.0
SETTLE_S = 1.0
POLL_INTERVAL_S = 0.2
HEADS = (
    "served by", "requests", "lost", "promotions; slowest, s", "rollbacks; slowest, s", "bad ones refused",
    "share of the trial",
)  # fmt: skip
NOTES = """\
Seconds run from the call to the first answer of the version that is asked for; a promotion's checks, before that, are
not in them. Bad ones: a handler that raises, one that raises only in a server, a slow one, one that was measured worse,
one with other labels. The trial is to answer 10 % of the requests."""


@dataclass(frozen=True)
class Measured:
    """What one way of serving gave; seconds are from the call to the first answer."""

    name: str
    asked: Asked
    promotions_s: list[float]
    rollbacks_s: list[float]
    offered: int
    refused: dict[str, str]
    trial: tuple[int, int] | None

    @property
    def holds(self) -> bool:
        """Whether the figures are those that are promised."""
        in_share = self.trial is None or 0.09 <= self.trial[0] / self.trial[1] <= 0.11
        back_soon = max(self.rollbacks_s) <= MAX_ROLLBACK_S
        return not self.asked.lost and back_soon and len(self.refused) == self.offered and in_share

    @property
    def row(self) -> list[str]:
        """Of the table."""
        promoted, back = self.promotions_s, self.rollbacks_s
        share = "-" if self.trial is None else f"{self.trial[0] / self.trial[1]:.1%} of {self.trial[1]:,}"
        return [
            self.name,
            f"{self.asked.requests:,}",
            f"{self.asked.lost.total():,}",
            f"{len(promoted)}; {max(promoted):.1f}",
            f"{len(back)}; {max(back):.1f}",
            f"{len(self.refused)} of {self.offered}",
            share,
        ]


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000, help="at least, for each way (default: %(default)s)")
    parser.add_argument(
        "--changes", type=int, default=10, help="promotions, and as many rollbacks (default: %(default)s)"
    )
    parser.add_argument("--clients", type=int, default=64, help="connections that never pause (default: %(default)s)")
    parser.add_argument("--trial-requests", type=int, default=10_000, help="during the trial (default: %(default)s)")
    parser.add_argument("--only", choices=("one node", "gateway"), help="one of the two ways")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table (default: %(default)s)")
    return parser


@contextmanager
def behind_the_gateway(folder: Path) -> Iterator[str]:
    """Three nodes behind the gateway; gives its address for predictions."""
    arguments = (f"--nodes={NODES}", f"--node-port={free_node_port(NODES)}", "--requests-per-s=1000000")
    with running_gateway(folder / "gateway", *arguments) as gateway:
        yield gateway.predictions_url


WAYS = {"one node": one_node, f"{NODES} nodes behind the gateway": behind_the_gateway}


def measure(name: str, url: str, registry: Registry, options: argparse.Namespace, folder: Path) -> Measured:
    """Change the versions of a running server, and count what comes back meanwhile."""
    names = [f"1.{number}" for number in range(1, options.changes + 1)]
    for version in names:
        registry.add(RELEASED, version)
    for version in OFFERS:
        offer(registry, version)
    promotions, rollbacks, refused = [], [], {}
    trial = None
    with asking(url, options.clients, SAMPLE.read_bytes(), LABEL) as asked:
        for version in names:
            promote, back = partial(registry.promote, version, BY), registry.deployment().champion
            promotions.append(asked.first_answer_s(version, partial(change, registry, promote, _wait)))
            rollback = partial(registry.rollback, BY)
            rollbacks.append(asked.first_answer_s(back, partial(change, registry, rollback, _wait)))
            say(f"{name}: {version} after {promotions[-1]:.1f} s, {back} after {rollbacks[-1]:.1f} s, {told(asked)}")
        for version in OFFERS:
            try:
                checked(registry, version)
                change(registry, partial(registry.promote, version, BY), _wait)
            except OperatorError as error:
                refused[version] = str(error)
                say(f"{name}: {version}: {error}")
        if url.startswith("https"):
            trial = tried(registry, asked, names[0], options.trial_requests)
        while asked.requests < options.requests:
            time.sleep(POLL_INTERVAL_S)
    say(f"{name}: {told(asked)}")
    return Measured(name, asked, promotions, rollbacks, len(OFFERS), refused, trial)


def told(asked: Asked) -> str:
    return f"{asked.requests:,} requests, lost {dict(asked.lost) or 'none'}"


def tried(registry: Registry, asked: Asked, version: str, requests: int) -> tuple[int, int]:
    """Put a version on trial; returns how many requests it answered, of how many."""
    change(registry, partial(registry.start_trial, version, SHARE, BY), _wait)
    time.sleep(SETTLE_S)
    by_it, total = asked.versions[version], asked.versions.total()
    while asked.versions.total() < total + requests:
        time.sleep(POLL_INTERVAL_S)
    answered = asked.versions[version] - by_it, asked.versions.total() - total
    change(registry, partial(registry.end_trial, BY), _wait)
    return answered


def _wait(seconds: float) -> None:
    """Say nothing: a change is told when it is done."""


def main() -> int:
    options = build_parser().parse_args()
    here = Conditions.here_and_now(seconds=0, warm_up_s=0)
    done = []
    for name, serving in WAYS.items():
        if options.only is None or options.only in name:
            with TemporaryDirectory(prefix="versions-") as work:
                folder = Path(work)
                os.environ[STATE_VARIABLE] = str(folder / "state")
                os.environ.pop(DATABASE_VARIABLE, None)
                with closing(Registry.open()) as registry, serving(folder) as url:
                    done.append(measure(name, url, registry, options, folder))
    where = (
        f"{here.machine}, {here.system}, {here.date}, commit {here.commit}; {options.clients} clients without a pause."
    )
    rows = [list(HEADS), ["---"] * len(HEADS), *(measured.row for measured in done)]
    text = "\n\n".join(["# What is lost while versions change", where, markdown(rows), NOTES]) + "\n"
    print(text, end="")
    write_atomically(options.output, lambda file: file.write_text(text, encoding="utf-8"))
    return int(not all(measured.holds for measured in done))


if __name__ == "__main__":
    run(main)
