"""Reads a digit over gRPC from a running server; prints the answer as JSON."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

from scripts.cli import run
from serving.grpc_client import GrpcClient
from serving.settings import LOOPBACK, read_ports


def main() -> int:
    address = f"{LOOPBACK}:{read_ports().grpc_inference}"
    parser = argparse.ArgumentParser(description="Read a digit over gRPC; prints the answer as JSON.")
    parser.add_argument("picture", type=Path, help="a picture, or a body of any other format that the HTTP API takes")
    parser.add_argument("--address", default=address, help="host and gRPC port of TorchServe (default: %(default)s)")
    parser.add_argument("--stream", action="store_true", help="use the streaming call")
    options = parser.parse_args()
    with GrpcClient(options.address) as client:
        body = options.picture.read_bytes()
        for answer in client.stream(body) if options.stream else [client.predict(body)]:
            print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    run(main)
