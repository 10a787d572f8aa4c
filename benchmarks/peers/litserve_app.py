"""LitServe: two processes take requests, two read digits in batches."""

import argparse
from collections.abc import Sequence
from typing import Annotated, Any

import litserve
import orjson
from fastapi import Body, Response

from benchmarks.peers.reading import Reader
from model.preprocessing.digit import Digit

WORKERS = 2
MAX_BATCH_SIZE = 32
BATCH_TIMEOUT_S = 0.001


class DigitApi(litserve.LitAPI):
    """LitServe's four stages; pictures are decoded and preprocessed in the workers."""

    def setup(self, device: str) -> None:
        """Load the model, once in each worker."""
        self.reader = Reader()

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/png")]) -> Digit:
        """What is taken for the digit in a picture's bytes."""
        return self.reader.prepare(request)

    def batch(self, inputs: Sequence[Digit]) -> Sequence[Digit]:
        """The pictures of a batch as they are: the reader stacks them."""
        return inputs

    def predict(self, x: Sequence[Digit]) -> list[dict[str, Any]]:
        """The result objects of a batch."""
        return self.reader.read_batch(x)

    def unbatch(self, output: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """They already are one for each picture."""
        return output

    def encode_response(self, output: dict[str, Any]) -> Response:
        """One result as JSON."""
        return Response(orjson.dumps(output), media_type="application/json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    port = parser.parse_args().port
    api = DigitApi(max_batch_size=MAX_BATCH_SIZE, batch_timeout=BATCH_TIMEOUT_S, api_path="/predictions/mnist")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=WORKERS,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
        pretty_logs=False,
    )


if __name__ == "__main__":
    main()
