"""Bad input through a real TorchServe: each its status, never a 5xx, never a dead worker, never a neighbour harmed."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from serving.settings import LOOPBACK
from tests import corpus
from tests.drawing import DIGITS, draw_digit, encoded

if TYPE_CHECKING:
    from tests.conftest import Service

TIMEOUT_S = 30
BAD = {name: (body, headers, status) for name, body, headers, status in corpus.all_bad()}
PICTURES = {digit: encoded(draw_digit(digit)) for digit in DIGITS}


@pytest.fixture(scope="module", autouse=True)
def workers(service: Service) -> Iterator[None]:
    """The same workers live before and after all of these tests."""
    before = service.workers()
    yield
    assert len(before) == 2
    assert service.workers() == before


def post(service: Service, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.post(service.predictions_url, data=body, headers=headers, timeout=TIMEOUT_S)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_its_status_and_a_message_that_tells_nothing_of_ours(service: Service, name: str) -> None:
    body, headers, status = BAD[name]
    response = post(service, body, headers)
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] == "application/json"
    error = response.json()
    assert error.keys() == {"code", "type", "message"}
    assert error["code"] == status and 10 < len(error["message"]) < 500
    assert not re.search(r"Traceback|File \"|\.py|/tmp|/home|/usr|site-packages|Error\(", response.text)


@pytest.mark.parametrize("name", corpus.READABLE)
def test_pictures_of_every_kind_are_read(service: Service, name: str) -> None:
    response = post(service, corpus.READABLE[name])
    assert (response.status_code, response.json().get("label")) == (200, "7"), response.text[:300]


@pytest.mark.parametrize("name", corpus.READABLE_FORMS)
def test_forms_of_every_kind_are_read(service: Service, name: str) -> None:
    response = post(service, *corpus.READABLE_FORMS[name])
    assert response.status_code == 200, response.text
    assert (response.json()["label"], response.json()["recognised"]) == ("7", True)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
def test_a_request_without_a_body_is_told_how_to_send_one(service: Service, method: str) -> None:
    response = requests.request(method, service.predictions_url, timeout=TIMEOUT_S)
    assert response.status_code == 415
    assert response.json()["message"] == "there is no body: send the picture by POST or PUT"


def test_the_fields_with_a_picture_are_named_where_there_are_several(service: Service) -> None:
    body, headers, _ = corpus.BAD_FORMS["two files, one in another field"]
    assert "in the fields 'data', 'b'" in post(service, body, headers).json()["message"]


@pytest.mark.parametrize("name", corpus.ODD_PICTURES)
def test_odd_pictures_are_read_or_called_blank(service: Service, name: str) -> None:
    assert post(service, corpus.ODD_PICTURES[name]).status_code in (200, 422)


def test_a_body_over_the_servers_limit_is_refused(service: Service) -> None:
    assert post(service, bytes(9_000_000)).status_code == 413
    assert post(service, PICTURES[7]).status_code == 200


def test_good_requests_among_all_the_bad_ones_are_answered_right(service: Service) -> None:
    bad = [item for item in BAD.values() if len(item[0]) < 1_000_000]

    def ask(number: int) -> str | None:
        """What is wrong with the answer, if anything."""
        if number % 2:
            body, headers, status = bad[number // 2 % len(bad)]
            response = post(service, body, headers)
            return None if response.status_code == status else f"{body[:40]!r}: {response.status_code}, not {status}"
        digit = number // 2 % 10
        response = post(service, PICTURES[digit])
        return None if response.json().get("label") == str(digit) else f"{digit}: {response.text[:200]}"

    with ThreadPoolExecutor(16) as pool:
        assert [wrong for wrong in pool.map(ask, range(6 * len(bad))) if wrong] == []


def test_slow_and_aborted_uploads_hold_up_nobody(service: Service) -> None:
    head = b"POST /predictions/mnist HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 5000\r\n\r\n"
    uploads = [socket.create_connection((LOOPBACK, service.ports.inference)) for _ in range(50)]
    try:
        for upload in uploads:
            upload.sendall(head + PICTURES[7][:100])
        assert all(post(service, PICTURES[digit]).json()["label"] == str(digit) for digit in DIGITS)
        for upload in uploads[::2]:  # aborted with a reset
            upload.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    finally:
        for upload in uploads:
            upload.close()
    assert post(service, PICTURES[3]).json()["label"] == "3"


def test_clients_that_leave_before_their_answer_harm_nobody(service: Service) -> None:
    request = b"POST /predictions/mnist HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(PICTURES[7])
    for _ in range(50):
        with socket.create_connection((LOOPBACK, service.ports.inference)) as connection:
            connection.sendall(request + PICTURES[7])
    assert all(post(service, PICTURES[digit]).json()["label"] == str(digit) for digit in DIGITS)


def test_what_clients_send_is_escaped_and_bounded_in_the_logs(service: Service) -> None:
    hostile = "evil\n2026-01-01 [ERROR] \x1b[31mforged\x00"
    fields = [{hostile + "x" * 3000: b"x"}, {"a\r\nb": b"x"}]
    logs = {path: path.stat().st_size for path in service.log_dir.glob("*.log")}
    for files in fields:
        requests.post(service.predictions_url, files=files, timeout=TIMEOUT_S)
    forms = {"Content-Type": "application/x-www-form-urlencoded"}
    post(service, b"%\n\x1b[31m" + b"\n[ERROR] forged" * 5000, forms)
    post(service, b"bad", {"User-Agent": "evil\\n", "X-Request-ID": "e" * 5000})
    for path, size in logs.items():
        with path.open("rb") as log:
            log.seek(size)
            added = log.read().decode("utf-8")
        lines = added.split("\n")
        assert all(line.isprintable() and len(line) < 4000 for line in lines)
        assert not any(line.startswith(("2026-01-01", "[ERROR]")) for line in lines)
        assert len(lines) <= 6


def test_each_failed_request_leaves_one_line_with_its_id(service: Service) -> None:
    response = post(service, b"bad")
    deadline = time.monotonic() + TIMEOUT_S
    log = service.log_dir / "model_log.log"
    while response.headers["x-request-id"] not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    [line] = [line for line in log.read_text().splitlines() if response.headers["x-request-id"] in line]
    assert (
        json.loads(line[line.index("{") :])
        == {
            "event": "request failed",
            "request_id": response.headers["x-request-id"],
        }
        | response.json()
    )
