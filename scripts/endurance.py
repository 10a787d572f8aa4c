"""Asks a running server very often and watches its memory and open files; start it with `make serve`, then this.

Good requests, bad ones and explanations in turn; a table of what the server holds on stdout, and how it grows.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from scripts.cli import run
from serving.console import say
from serving.endurance import Endurance, growth
from serving.settings import LOOPBACK, read_ports


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
    for name, amount in growth(counts, usages).items():
        print(f"{name} grow by {amount:,.0f} in 100,000 requests")
    if endurance.wrong:
        say(f"{endurance.wrong} answers were wrong")
    return 1 if endurance.wrong else 0


if __name__ == "__main__":
    run(main)
