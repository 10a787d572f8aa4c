"""The server answers without the patches of TorchServe too: they make it faster and its workers safer, not right."""

from __future__ import annotations

import base64
import json
import time

import pytest
import requests

from handler.torchserve_patches import SWITCH
from tests.conftest import Service, ServiceStarter
from tests.drawing import DIGITS, draw_digit, encoded

TIMEOUT_S = 30


def signs_of_patches(service: Service) -> list[tuple[int, bool]]:
    """For each worker the number of its keepers, and whether the fork server made it."""
    workers = service.workers()
    assert workers
    return [
        (
            sum("keeper" in " ".join(child.cmdline()) for child in worker.children()),
            any("fork_server" in part for part in worker.parents()[0].cmdline()),
        )
        for worker in workers
    ]


def test_the_patches_are_on_where_nobody_turns_them_off(service: Service) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while (found := set(signs_of_patches(service))) != {(1, True)}:  # the second worker may still be loading
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_every_format_is_answered_without_them(start_service: ServiceStarter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "off")
    with start_service("--no-page") as service:
        assert set(signs_of_patches(service)) == {(0, False)}
        for digit in DIGITS:
            picture = encoded(draw_digit(digit))
            text = base64.b64encode(picture).decode()
            tensor = {"name": "x", "shape": [1], "datatype": "BYTES", "data": [text]}
            bodies = [
                picture,
                json.dumps({"image": text}).encode(),
                json.dumps({"instances": [{"data": text}]}).encode(),
                json.dumps({"inputs": [tensor]}).encode(),
            ]
            for body in bodies:
                response = requests.post(service.predictions_url, data=body, timeout=TIMEOUT_S)
                assert response.status_code == 200
                assert f'"{digit}"' in response.text
        assert requests.post(service.predictions_url, data=b"no picture", timeout=TIMEOUT_S).status_code == 415
