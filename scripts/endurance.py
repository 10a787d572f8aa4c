"""Asks a running server very often and watches its memory and open files; start it with `make serve`, then this.

Good requests, bad ones and explanations in turn; a table of what the server holds on stdout, and how it grows.
"""

import argparse
import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psutil
import requests

from model.locations import ROOT
from scripts.cli import run
from serving.console import say
from serving.settings import LOOPBACK, MODEL_NAME, read_ports

SAMPLE = ROOT / "tests" / "data" / "seven.png"
TIMEOUT_S = 30.0
SETTLING_SHARE = 0.2  # of the requests, at the start: caches fill, and the slope leaves them out


@dataclass(frozen=True)
class Usage:
    """What the server holds: resident bytes of its workers and of the JVM, and the open files of both."""

    worker_bytes: int
    jvm_bytes: int
    open_files: int


class Endurance:
    """Many clients' requests to one server; `wrong` counts answers that were not as they should be."""

    def __init__(self, api_url: str, management_url: str, clients: int) -> None:
        self._api_url = api_url
        self._clients = clients
        [model] = requests.get(f"{management_url}/models/{MODEL_NAME}", timeout=TIMEOUT_S).json()
        self._workers = [psutil.Process(worker["pid"]) for worker in model["workers"]]
        self._jvm = self._workers[0].parent()
        self._bodies = _bodies()
        self._lock = threading.Lock()
        self.wrong = 0

    def run(self, count: int) -> None:
        """Send `count` requests."""
        shares = [count // self._clients + (client < count % self._clients) for client in range(self._clients)]
        with ThreadPoolExecutor(self._clients) as pool:
            list(pool.map(self._ask, shares))

    def measure(self) -> Usage:
        """What the server holds now."""
        processes = [*self._workers, *([self._jvm] if self._jvm else [])]
        return Usage(
            sum(worker.memory_info().rss for worker in self._workers),
            self._jvm.memory_info().rss if self._jvm else 0,
            sum(process.num_fds() for process in processes),
        )

    def _ask(self, count: int) -> None:
        wrong = 0
        with requests.Session() as session:
            for number in range(count):
                path, body, expected = self._bodies[number % len(self._bodies)]
                response = session.post(f"{self._api_url}/{path}/{MODEL_NAME}", data=body, timeout=TIMEOUT_S)
                wrong += response.status_code != expected
        with self._lock:
            self.wrong += wrong


def _bodies() -> list[tuple[str, bytes, int]]:
    """Requests of every kind, with the status each must get; most are plain pictures, as in life."""
    picture = SAMPLE.read_bytes()
    text = base64.b64encode(picture).decode()
    tensor = {
        "name": "x",
        "shape": [28, 28],
        "datatype": "UINT8",
        "data": [255 * (12 <= i % 28 < 16) for i in range(784)],
    }
    others = [
        ("predictions", json.dumps({"image": text}).encode(), 200),
        ("predictions", json.dumps({"instances": [text, {"data": text}]}).encode(), 200),
        ("predictions", json.dumps({"inputs": [tensor]}).encode(), 200),
        ("predictions", b"no picture", 415),
        ("predictions", picture[: len(picture) // 2], 415),
        ("predictions", b'{"image": ', 400),
        ("explanations", picture, 200),
    ]
    return [request for other in others for request in (*[("predictions", picture, 200)] * 4, other)]


def main() -> int:
    ports = read_ports()
    parser = argparse.ArgumentParser(description="Ask a running server very often and watch its memory and files.")
    parser.add_argument("--requests", type=int, default=200_000, help="how many (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=16, help="at the same time (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=20, help="of the table (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=ports.inference, help="for predictions; management is its neighbour (%(default)s)"
    )
    options = parser.parse_args()
    moved = ports.moved(options.port, None)
    endurance = Endurance(moved.api_url, f"http://{LOOPBACK}:{moved.management}", options.clients)
    counts, usages = [0], [endurance.measure()]
    print("requests  workers MB  JVM MB  open files")
    for row in range(options.rows):
        endurance.run(options.requests // options.rows)
        counts.append((row + 1) * (options.requests // options.rows))
        usages.append(endurance.measure())
        last = usages[-1]
        print(f"{counts[-1]:8}  {last.worker_bytes / 1e6:10.1f}  {last.jvm_bytes / 1e6:6.1f}  {last.open_files:10}")
    settled = [pair for pair in zip(counts, usages, strict=True) if pair[0] >= SETTLING_SHARE * options.requests]
    if len(settled) > 1:
        asked = [count for count, _ in settled]
        for name in ("worker_bytes", "jvm_bytes", "open_files"):
            slope = np.polyfit(asked, [getattr(usage, name) for _, usage in settled], 1)[0]
            print(f"{name} grow by {slope * 100_000:,.0f} in 100,000 requests")
    if endurance.wrong:
        say(f"{endurance.wrong} answers were wrong")
    return 1 if endurance.wrong else 0


if __name__ == "__main__":
    run(main)
