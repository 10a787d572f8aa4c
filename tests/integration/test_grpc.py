"""The gRPC API, asked by our own client: single calls, streams, errors, among HTTP requests."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from serving.grpc_client import GrpcClient
from serving.grpc_messages import GrpcError
from serving.settings import LOOPBACK
from tests.drawing import DIGITS, draw_digit, encoded

if TYPE_CHECKING:
    from tests.conftest import Service

ROOT = Path(__file__).parents[2]
PICTURES = [encoded(draw_digit(digit)) for digit in DIGITS]


@pytest.fixture
def address(service: Service) -> str:
    return f"{LOOPBACK}:{service.ports.grpc_inference}"


@pytest.fixture
def client(address: str) -> Iterator[GrpcClient]:
    with GrpcClient(address) as client:
        yield client


def test_a_prediction_is_that_of_http(service: Service, client: GrpcClient) -> None:
    over_http = requests.post(service.predictions_url, data=PICTURES[7], timeout=20).json()
    assert client.predict(PICTURES[7]) == over_http
    assert over_http["label"] == "7"


def test_every_format_is_read(client: GrpcClient) -> None:
    texts = [base64.b64encode(picture).decode() for picture in PICTURES[:2]]
    tensor = {"name": "x", "shape": [2], "datatype": "BYTES", "data": texts}
    assert client.predict(json.dumps({"inputs": [tensor]}).encode())["outputs"][0]["data"] == ["0", "1"]
    predictions = client.predict(json.dumps({"instances": texts}).encode())["predictions"]
    assert [result["label"] for result in predictions] == ["0", "1"]


def test_a_stream_has_one_answer_and_ends(client: GrpcClient) -> None:
    for digit in DIGITS:
        assert [answer["label"] for answer in client.stream(PICTURES[digit])] == [str(digit)]


def test_errors_say_why(client: GrpcClient) -> None:
    for ask in (client.predict, lambda body: next(client.stream(body))):
        with pytest.raises(GrpcError, match=r"^415 UnsupportedMediaType: this is not a picture"):
            ask(b"bad")


def test_another_model_is_not_known(address: str) -> None:
    with GrpcClient(address, model="nope") as client, pytest.raises(GrpcError, match="Model not found: nope"):
        client.predict(PICTURES[0])


def test_a_server_that_is_not_there_is_named() -> None:
    with GrpcClient(f"{LOOPBACK}:1", timeout_s=5) as client, pytest.raises(GrpcError, match=r"^UNAVAILABLE: "):
        client.predict(PICTURES[0])


def test_grpc_and_http_in_one_batch_each_get_their_own(service: Service, client: GrpcClient) -> None:
    def ask(number: int) -> bool:
        digit = number % 10
        if number % 3 == 0:
            return bool(client.predict(PICTURES[digit])["label"] == str(digit))
        if number % 3 == 1:
            return [answer["label"] for answer in client.stream(PICTURES[digit])] == [str(digit)]
        response = requests.post(service.predictions_url, data=PICTURES[digit], timeout=20)
        return "content-length" in response.headers and bool(response.json()["label"] == str(digit))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(150)))


@pytest.mark.parametrize("options", [[], ["--stream"]])
def test_the_command_line_reads_a_picture(address: str, options: list[str]) -> None:
    script, picture = ROOT / "scripts" / "grpc_client.py", ROOT / "tests" / "data" / "seven.png"
    command = [sys.executable, str(script), str(picture), f"--address={address}", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "7"
