"""Races our TorchServe against its defaults, a no-op handler, FastAPI, Flask and LitServe, with the same model.

One server runs at a time. In each round every server is started once, checked to answer right, warmed and loaded by
wrk with each picture at each number of connections. Progress goes to stderr, the table to stdout and to files.
"""

import argparse
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.inputs import write_inputs
from benchmarks.load import Run, ask, find_wrk, measure
from benchmarks.peers.reading import Reader
from benchmarks.results import Conditions, write_results
from benchmarks.servers import SERVERS, Server, choose
from model.errors import OperatorError
from model.locations import ROOT
from scripts.cli import run
from serving.console import say
from serving.settings import MODEL_NAME, Ports, check_ports_free, read_ports

RESULTS = ROOT / "benchmarks" / "results" / "serving"
OTHER_RESULTS = ROOT / "reports" / "serving"
CONNECTIONS = (1, 16, 64, 256)
INPUTS = ("28x28", "canvas")
START_TIMEOUT_S, POLL_INTERVAL_S, REQUEST_TIMEOUT_S = 60.0, 0.2, 10.0
WARM_UP_CONNECTIONS = 64
TOLERANCE = 1e-4  # of confidences and probabilities: batches of other sizes add up in another order

Answer = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What is measured: for how long, with which pictures (by name) and numbers of connections, on which ports."""

    pictures: Mapping[str, Path]
    connections: Sequence[int]
    seconds: float
    warm_up_s: float
    ports: Ports

    @property
    def url(self) -> str:
        """The address that every server answers at."""
        return f"{self.ports.api_url}/predictions/{MODEL_NAME}"


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
            for finished in rounds(servers, options.rounds, plan):
                runs += finished
        except KeyboardInterrupt:
            is_interrupted = True
            say("interrupted; every server is stopped")
    if runs:
        stem = options.output or (RESULTS if is_whole(options) else OTHER_RESULTS)
        print(write_results(stem, conditions, {server.name: server.title for server in servers}, runs), end="")
        say(f"written: {stem}.json, .md and .svg")
    return 1 if is_interrupted else 0


def is_whole(options: argparse.Namespace) -> bool:
    """Whether everything is measured that the published results hold."""
    chosen = (options.servers, options.connections, options.inputs)
    return all(set(some) >= set(every) for some, every in zip(chosen, (SERVERS, CONNECTIONS, INPUTS), strict=True))


def rounds(servers: Sequence[Server], count: int, plan: Plan) -> Iterator[list[Run]]:
    """Measure every server once a round; gives the runs of each round when it is finished.

    Raises:
        OperatorError: a server did not start, or answers wrong.
    """
    reader = Reader()
    expected = {name: reader.read(picture.read_bytes()) for name, picture in plan.pictures.items()}
    for number in range(count):
        runs: list[Run] = []
        for server in order(servers, number):
            say(f"round {number + 1} of {count}: {server.title}")
            check_ports_free(plan.ports, with_page=False)
            with server.running(plan.ports) as root:
                check_answers(server, expected, plan, root)
                runs += load(number + 1, server, root, plan)
        yield runs


def order(servers: Sequence[Server], number: int) -> list[Server]:
    """The servers in the order of one round: each round begins with another, so that none always follows the same."""
    first = number % len(servers)
    return [*servers[first:], *servers[:first]]


def load(number: int, server: Server, root: psutil.Process, plan: Plan) -> Iterator[Run]:
    """Warm a server, then time it at every number of connections; with one picture after the other."""
    for name, picture in plan.pictures.items():
        if plan.warm_up_s:
            ask(plan.url, picture, WARM_UP_CONNECTIONS, plan.warm_up_s)
        for connections in plan.connections:
            which = (number, server.name, name, connections)
            one = measure(which, plan.url, picture, connections, plan.seconds, root)
            say(
                f"  {name}, {connections:3} connections: {one.requests_per_s:7,.0f} requests/s, "
                f"p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f} ms, {one.errors} errors"
            )
            yield one


def check_answers(server: Server, expected: Mapping[str, Answer], plan: Plan, root: psutil.Process) -> None:
    """Wait until a server answers, and make sure that it answers as the model does without any server.

    Raises:
        OperatorError: it does not answer in time, or otherwise.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    for name, picture in plan.pictures.items():
        while (answer := _post(plan.url, picture.read_bytes())) is None:
            if root.status() == psutil.STATUS_ZOMBIE or time.monotonic() > deadline:
                raise OperatorError(f"{server.title} did not answer within {START_TIMEOUT_S:g} s")
            time.sleep(POLL_INTERVAL_S)
        if server.reads and not is_same(answer, expected[name]):
            raise OperatorError(f"{server.title} answers {answer} for {name}; {expected[name]} is expected")


def is_same(answer: Answer, expected: Answer) -> bool:
    """Whether two answers have the same members and values, probabilities up to `TOLERANCE`."""
    if answer.keys() != expected.keys() or answer["probabilities"].keys() != expected["probabilities"].keys():
        return False
    numbers = [(answer["confidence"], expected["confidence"])]
    numbers += [(share, expected["probabilities"][label]) for label, share in answer["probabilities"].items()]
    rest = answer.keys() - {"confidence", "probabilities"}
    return all(abs(a - b) <= TOLERANCE for a, b in numbers) and all(answer[key] == expected[key] for key in rest)


def _post(url: str, body: bytes) -> Answer | None:
    """The answer, or None while nobody listens."""
    request = urllib.request.Request(url, body, {"Content-Type": "image/png"})
    try:
        with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT_S) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        raise OperatorError(f"{url} answers {error.code}: {error.read(200)!r}") from error
    except OSError:
        return None


if __name__ == "__main__":
    run(main)
