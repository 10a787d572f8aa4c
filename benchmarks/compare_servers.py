"""Races our TorchServe against its defaults, a no-op handler, FastAPI, Flask and LitServe, with the same model.

One server runs at a time. In each round every server is started once, checked to answer right, warmed and loaded by
wrk with each picture at each number of connections. Progress goes to stderr, the table to stdout and to files.
"""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.inputs import write_inputs
from benchmarks.load import Run, find_wrk
from benchmarks.results import Conditions, write_results
from benchmarks.rounds import Plan, rounds
from benchmarks.servers import SERVERS, choose
from model.locations import ROOT
from serving.console import run, say
from serving.settings import read_ports
from serving.supervisor import choose_archive

RESULTS = ROOT / "benchmarks" / "results" / "serving"
OTHER_RESULTS = ROOT / "reports" / "serving"
CONNECTIONS = (1, 16, 64, 256)
INPUTS = ("28x28", "canvas")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A server's settings can be changed to compare them: --servers ours ours:batchSize=16,maxBatchDelay=2 "
        "\n(names of config.properties and handler/model-config.yaml, or archive=PATH for another archive).",
    )
    parser.add_argument("--rounds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run (default: %(default)g)")
    parser.add_argument(
        "--warm-up-s", type=float, default=5.0, help="seconds of load before timing, a picture (default: %(default)g)"
    )
    parser.add_argument(
        "--connections", type=int, nargs="+", default=CONNECTIONS, metavar="N", help="(default: 1 16 64 256)"
    )
    parser.add_argument(
        "--servers", nargs="+", default=list(SERVERS), metavar="NAME", help=f"(default: {' '.join(SERVERS)})"
    )
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=INPUTS, help="(default: both)")
    parser.add_argument(
        "--port", type=int, help="TorchServe's other ports move along (default: 200 above that of config.properties)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="files to write, less their endings .json, .md and .svg (default: benchmarks/results/serving, or "
        "reports/serving where only some of the servers, inputs and connections are measured)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    find_wrk()
    servers = [choose(name) for name in dict.fromkeys(options.servers)]
    choose_archive(None, _say_packing)
    defaults = read_ports()
    ports = defaults.moved(options.port or defaults.inference + 200, None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    conditions = Conditions.here_and_now(options.seconds, options.warm_up_s)
    runs: list[Run] = []
    is_interrupted = False
    with TemporaryDirectory(prefix="bench-") as folder:
        written = write_inputs(Path(folder))
        pictures = {name: written[name] for name in options.inputs}
        plan = Plan(pictures, options.connections, options.seconds, options.warm_up_s, ports)
        try:
            for finished in rounds(servers, options.rounds, plan, say):
                runs += finished
        except KeyboardInterrupt:
            is_interrupted = True
            say("interrupted; every server is stopped")
    if runs:
        stem = options.output or (RESULTS if is_whole(options) else OTHER_RESULTS)
        print(write_results(stem, conditions, {server.name: server.title for server in servers}, runs), end="")
        say(f"written: {stem}.json, .md and .svg")
    return 1 if is_interrupted else 0


def _say_packing(archive: Path) -> None:
    say(f"building {archive.relative_to(ROOT)} (missing or older than its inputs)")


def is_whole(options: argparse.Namespace) -> bool:
    """Whether all servers, connections and inputs of the published results are measured."""
    chosen = (options.servers, options.connections, options.inputs)
    return all(set(some) >= set(every) for some, every in zip(chosen, (SERVERS, CONNECTIONS, INPUTS), strict=True))


if __name__ == "__main__":
    run(main)
