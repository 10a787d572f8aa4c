"""Serves our archive on an address of this machine, as a node that a gateway elsewhere asks, until SIGTERM.

Usage: python -m benchmarks.faults.open_node ADDRESS FOLDER
"""

import signal
import sys
from pathlib import Path

from benchmarks.processes import READY_LINE
from benchmarks.torchserve import TorchServeVariant
from serving.settings import read_ports


def main(address: str, folder: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    settings = {"inference_address": f"http://{address}:8080", "grpc_inference_address": address}
    with TorchServeVariant(settings=settings).running(read_ports(), folder):
        print(READY_LINE, flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
