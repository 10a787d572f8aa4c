"""Right answers whatever `service_envelope` says, in batches too, which TorchServe's envelopes cannot do."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from serving.settings import CONFIG_FILE, Ports, find_java
from serving.supervisor import choose_archive
from serving.torchserve import TorchServe
from tests.drawing import DIGITS, draw_digit, encoded

TIMEOUT_S = 30
PICTURES = [encoded(draw_digit(digit)) for digit in DIGITS]
TEXTS = [base64.b64encode(picture).decode() for picture in PICTURES]


@pytest.fixture(params=["kserve", "kservev2", "json", "body"])
def url(request: pytest.FixtureRequest, free_ports: Ports, tmp_path: Path) -> Iterator[str]:
    """A server with one of TorchServe's envelopes, and with JSON decoded by TorchServe, as is its default."""
    config = CONFIG_FILE.read_text().replace("decode_input_request=false", f"service_envelope={request.param}")
    assert "service_envelope" in config
    archive = choose_archive(None)
    server = TorchServe(free_ports, [archive], find_java(), tmp_path / "logs", on_end=lambda: None, config=config)
    try:
        deadline = time.monotonic() + 60
        while not server.is_ready():
            assert server.is_running() and time.monotonic() < deadline, server.log.last_lines()
            time.sleep(0.1)
        yield free_ports.api_url
    finally:
        server.request_stop()
        deadline = time.monotonic() + 20
        while server.is_running() and time.monotonic() < deadline:
            time.sleep(0.05)
        server.kill()


def labels(url: str, first: int, form: str) -> list[str] | int:
    """What is read from two digits, or from one where the format holds no more; the status of an error."""
    two = [TEXTS[first], TEXTS[(first + 1) % 10]]
    tensor = {"name": "x", "shape": [2], "datatype": "BYTES", "data": two}
    bodies: dict[str, dict[str, Any]] = {
        "V1": {"json": {"instances": [{"data": two[0]}, {"image_bytes": {"b64": two[1]}}]}},
        "TensorFlow Serving": {"json": {"instances": [{"b64": text} for text in two]}},
        "V2": {"json": {"inputs": [tensor], "id": "x"}},
        "JSON": {"json": {"image": two[0]}},
        "raw": {"data": PICTURES[first]},
        "bad": {"json": {"instances": [{"data": "$"}]}},
    }
    path = {"V1": "v1/models/mnist:predict", "V2": "v2/models/mnist/infer"}.get(form, "predictions/mnist")
    response = requests.post(f"{url}/{path}", timeout=TIMEOUT_S, **bodies[form])
    if response.status_code != 200:
        return response.status_code
    answer = response.json()
    if "outputs" in answer:
        return list(answer["outputs"][0]["data"])
    return [result["label"] for result in answer.get("predictions", [answer])]


def test_every_format_is_answered_right_in_batches(url: str) -> None:
    forms = ["V1", "V2", "TensorFlow Serving", "JSON", "raw", "bad"]
    asked = [(number % 10, forms[number % len(forms)]) for number in range(120)]
    expected: list[list[str] | int] = []
    for first, form in asked:
        pair = [str(first), str((first + 1) % 10)]
        expected.append(400 if form == "bad" else pair[:1] if form in ("JSON", "raw") else pair)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda one: labels(url, *one), asked)) == expected
