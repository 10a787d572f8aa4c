"""Counts what is lost behind the gateway when something dies: three nodes, ten faults, every answer checked.

Lost is what was not answered, answered wrong, or answered by a 5xx. Progress goes to stderr, the table to stdout and to
a file.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from benchmarks.faults.clients import PLAN, Tally, ask_all, labelled
from benchmarks.faults.gateway_process import free_node_port, running_gateway
from benchmarks.faults.rows import ROWS, Row, Setting
from benchmarks.inputs import printed_digits
from benchmarks.results import Conditions
from model.artifacts import write_atomically
from model.locations import ROOT
from serving.console import run, say

RESULTS = ROOT / "benchmarks" / "results" / "faults.md"
NODES = 3


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000, help="for each fault (default: %(default)s)")
    parser.add_argument("--only", default="", help="only faults with this text in their names")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table (default: %(default)s)")
    return parser


def measured(setting: Setting, row: Row, pictures: Sequence[tuple[str, bytes]], requests: int) -> Tally:
    """What came back through one fault."""
    total = Tally()
    with row.fault(setting):
        for part in PLAN:
            tally = asyncio.run(ask_all(setting.gateway, pictures, part, requests // len(PLAN)))
            total.outcomes += tally.outcomes
            total.seconds += tally.seconds
    return total


def table(rows: Sequence[tuple[Row, Tally]], conditions: str) -> str:
    lines = [
        "# What is lost when something dies behind the gateway",
        "",
        f"{conditions}",
        "",
        "| fault | requests | lost | slowest answer, s (at most) |",
        "|---|---|---|---|",
    ]
    for row, tally in rows:
        lost = sum(tally.lost.values())
        held = " (what Envoy held)" if row.loses_held and lost else ""
        slowest = f"{max(tally.seconds):.2f} ({row.slowest_s:g})"
        lines.append(f"| {row.name} | {tally.outcomes.total():,} | {lost:,}{held} | {slowest} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    options = build_parser().parse_args()
    done: list[tuple[Row, Tally]] = []
    with TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        nodes_file = folder / "nodes"
        nodes_file.write_text("# further nodes\n")
        arguments = [f"--nodes={NODES}", f"--node-port={free_node_port(NODES)}", f"--nodes-file={nodes_file}"]
        with running_gateway(folder / "gateway", *arguments, "--requests-per-s=100000") as gateway:
            pictures = asyncio.run(labelled(gateway, printed_digits()))
            for row in ROWS:
                if options.only in row.name:
                    tally = measured(Setting(gateway, nodes_file, folder), row, pictures, options.requests)
                    done.append((row, tally))
                    say(f"{row.name}: {tally.outcomes.total():,} requests, lost {tally.lost or 'none'}")
    here = Conditions.here_and_now(seconds=0, warm_up_s=0)
    clients = ", ".join(f"{part.clients} by {part.protocol} with {part.body_bytes // 1000} KB" for part in PLAN)
    where = f"{here.machine}, {here.system}, {here.date}, commit {here.commit}"
    text = table(done, f"{where}; {NODES} nodes; clients: {clients}.")
    print(text, end="")
    write_atomically(options.output, lambda file: file.write_text(text, encoding="utf-8"))
    return int(any(tally.lost and not row.loses_held for row, tally in done))


if __name__ == "__main__":
    run(main)
