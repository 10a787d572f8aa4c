"""Counts what is lost behind the gateway when something dies: three nodes, every answer checked.

Lost is what was not answered, answered wrong, or answered by a 5xx. Progress goes to stderr, the table to stdout and to
a file.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from benchmarks.faults.clients import PLAN, Tally, labelled
from benchmarks.faults.gateway_process import free_node_port, running_gateway
from benchmarks.faults.report import results, table
from benchmarks.faults.rows import ROWS, Row
from benchmarks.faults.setting import Setting
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


def main() -> int:
    options = build_parser().parse_args()
    here = Conditions.here_and_now(seconds=0, warm_up_s=0)
    rows = [row for row in ROWS if options.only in row.name]
    skipped = {row: reason for row in rows if (reason := row.missing())}
    for row, reason in skipped.items():
        say(f"{row.name}: skipped, it {reason}")
    tallies: dict[Row, Tally] = {}
    with TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        nodes_file = folder / "nodes"
        nodes_file.write_text("# further nodes\n")
        arguments = [f"--nodes={NODES}", f"--node-port={free_node_port(NODES)}", f"--nodes-file={nodes_file}"]
        with running_gateway(folder / "gateway", *arguments, "--requests-per-s=100000") as gateway:
            pictures = asyncio.run(labelled(gateway, printed_digits()))
            setting = Setting(gateway, NODES, nodes_file, folder)
            for row in rows:
                if row not in skipped:
                    tallies[row] = row.measured(setting, pictures, options.requests)
                    say(f"{row.name}: {tallies[row].outcomes.total():,} requests, lost {tallies[row].lost or 'none'}")
    done = results(tallies)
    clients = ", ".join(f"{part.clients} by {part.protocol} with {part.body_bytes // 1000} KB" for part in PLAN)
    where = f"{here.machine}, {here.system}, {here.date}, commit {here.commit}"
    text = table(done, skipped, f"{where}; {NODES} nodes; clients: {clients}.")
    print(text, end="")
    write_atomically(options.output, lambda file: file.write_text(text, encoding="utf-8"))
    return int(not all(result.holds for result in done))


if __name__ == "__main__":
    run(main)
