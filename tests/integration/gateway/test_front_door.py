"""What the gateway lets in, what it answers itself, and what it says: keys, methods, limits, TLS, logs."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import re
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from benchmarks.faults.gateway_process import GatewayProcess
from serving.gateway.certificate import own_certificate
from serving.gateway.configuration import REQUESTS_PER_NODE
from tests.conftest import Service
from tests.drawing import draw_digit, encoded
from tests.integration.gateway.conftest import GatewayStarter, session_of
from tests.waiting import eventually

SEVEN = encoded(draw_digit(7))
TIMEOUT_S = 20
TAKEN_OVER_S = 10
"""Until a change of a file must have taken effect."""


@pytest.fixture
def gateway(node_gateway: GatewayProcess) -> GatewayProcess:
    return node_gateway


@pytest.fixture
def key(gateway: GatewayProcess) -> str:
    """The first key, which the gateway made itself."""
    return gateway.keys.read()[0].secret


def status_of(session: requests.Session, url: str) -> int:
    return session.post(url, data=SEVEN, timeout=TIMEOUT_S).status_code


def wait_for_status(session: requests.Session, url: str, status: int) -> None:
    deadline = time.monotonic() + TAKEN_OVER_S
    while (seen := status_of(session, url)) != status:
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


@pytest.mark.parametrize(
    "path",
    ["/predictions/mnist", "/predictions/mnist/1.0", "/explanations/mnist", "/v2/models/mnist/infer"],
)
def test_a_key_opens_every_path_for_pictures(gateway: GatewayProcess, key: str, path: str) -> None:
    answer = session_of(gateway, key).post(gateway.url + path, data=SEVEN, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    assert answer.json()["label"] == "7"
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("key", [None, "wrong", "", "Bearer"])
@pytest.mark.parametrize("path", ["/predictions/mnist", "/explanations/mnist", "/v2/models/mnist/infer"])
def test_nothing_is_read_without_a_valid_key(gateway: GatewayProcess, path: str, key: str | None) -> None:
    answer = session_of(gateway, key).post(gateway.url + path, data=SEVEN, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    error = answer.json()
    assert error.keys() == ({"error"} if path.startswith("/v2") else {"code", "type", "message"})
    assert "Authorization: Bearer KEY" in error.get("error", error.get("message"))


def test_keys_are_made_and_withdrawn_while_connections_stay_open(gateway: GatewayProcess, key: str) -> None:
    old, new = session_of(gateway, key), session_of(gateway, gateway.keys.add("made meanwhile", ["predict"]).secret)
    wait_for_status(new, gateway.predictions_url, 200)
    gateway.keys.withdraw("made meanwhile")
    wait_for_status(new, gateway.predictions_url, 401)
    assert status_of(old, gateway.predictions_url) == 200


def test_a_key_of_another_scope_does_not_open_predictions(gateway: GatewayProcess) -> None:
    key = gateway.keys.add("teacher", ["teach"])
    time.sleep(1)
    assert status_of(session_of(gateway, key.secret), gateway.predictions_url) == 401


def test_no_key_is_ever_logged(gateway: GatewayProcess, key: str) -> None:
    session_of(gateway, key).get(f"{gateway.predictions_url}?token={key}", timeout=TIMEOUT_S)
    time.sleep(1.5)  # Envoy writes its log once a second
    logs = [file.read_text(errors="replace") for file in gateway.logs.rglob("*") if file.is_file()]
    assert any("predictions" in log for log in logs)
    assert not any(key in log for log in logs)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PATCH"])
def test_another_method_than_post_and_put_is_405(gateway: GatewayProcess, key: str, method: str) -> None:
    answer = session_of(gateway, key).request(method, gateway.predictions_url, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, PUT, OPTIONS")
    assert method == "HEAD" or "POST or PUT" in answer.json()["message"]


def test_options_are_answered(gateway: GatewayProcess) -> None:
    answer = session_of(gateway).options(gateway.predictions_url, timeout=TIMEOUT_S)
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST, PUT, OPTIONS")
    connection = http.client.HTTPSConnection(
        gateway.url.partition("://")[2], context=ssl.create_default_context(cafile=str(gateway.certificate))
    )
    connection.putrequest("OPTIONS", "*")
    connection.endheaders()
    assert connection.getresponse().status == 204
    connection.close()


def test_a_body_over_the_limit_is_413_and_one_of_5_mb_is_passed_on(gateway: GatewayProcess, key: str) -> None:
    session = session_of(gateway, key)
    large = session.post(gateway.predictions_url, data=bytes(9_000_000), timeout=TIMEOUT_S)
    assert (large.status_code, large.json()["type"]) == (413, "PayloadTooLarge")
    padded = SEVEN + bytes(5_000_000 - len(SEVEN))
    assert session.post(gateway.predictions_url, data=padded, timeout=TIMEOUT_S).json()["label"] == "7"


def test_what_a_client_calls_a_form_is_read_all_the_same(gateway: GatewayProcess, key: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl --data-binary does
    answer = session_of(gateway, key).post(gateway.predictions_url, data=SEVEN, headers=headers, timeout=TIMEOUT_S)
    assert answer.json()["label"] == "7"


def test_errors_keep_the_contracts_shape(gateway: GatewayProcess, key: str) -> None:
    answer = session_of(gateway, key).post(gateway.predictions_url, data=b"no picture", timeout=TIMEOUT_S)
    assert (answer.status_code, answer.json()["code"]) == (415, 415)
    missing = session_of(gateway, key).post(f"{gateway.url}/predictions/none", data=SEVEN, timeout=TIMEOUT_S)
    assert (missing.status_code, missing.json()["type"]) == (404, "ModelNotFoundException")


def test_the_page_is_served_at_the_same_origin_and_asks_it(gateway: GatewayProcess) -> None:
    page = session_of(gateway).get(gateway.url, timeout=TIMEOUT_S)
    assert page.status_code == 200 and "<canvas" in page.text
    assert "connect-src 'self';" in page.headers["content-security-policy"]
    assert session_of(gateway).get(f"{gateway.url}/config.json", timeout=TIMEOUT_S).json()["endpoint"] == "."
    assert session_of(gateway).post(gateway.url, timeout=TIMEOUT_S).status_code == 405


@pytest.mark.parametrize("path", ["/models", "/models/mnist", "/metrics", "/ready", "/quitquitquit", "/config_dump"])
def test_neither_management_nor_administration_can_be_reached(gateway: GatewayProcess, key: str, path: str) -> None:
    session = session_of(gateway, key)
    assert session.get(gateway.url + path, timeout=TIMEOUT_S).status_code == 404
    assert session.post(gateway.url + path, timeout=TIMEOUT_S).status_code == 405


def test_requests_beyond_the_rate_are_429_for_that_client_only(service: Service, start_gateway: GatewayStarter) -> None:
    with start_gateway(f"--node={service.api_url}", "--requests-per-s=5", "--anonymous=yes") as gateway:
        keyed, url = session_of(gateway, gateway.keys.read()[0].secret), gateway.predictions_url
        with ThreadPoolExecutor(20) as pool:  # at once, so that a slow machine meets the limit too
            answers = list(pool.map(lambda _: session_of(gateway).post(url, data=SEVEN, timeout=TIMEOUT_S), range(40)))
        limited = [answer for answer in answers if answer.status_code == 429]
        assert limited and {answer.status_code for answer in answers} == {200, 429}
        assert limited[0].headers["retry-after"] == "1"
        assert limited[0].json()["type"] == "TooManyRequests"
        assert status_of(keyed, gateway.predictions_url) == 200


def test_an_operators_certificate_is_taken_over_without_a_restart(
    service: Service, start_gateway: GatewayStarter, tmp_path: Path
) -> None:
    mine = own_certificate(tmp_path / "mine")
    options = (f"--certificate={mine.chain}", f"--private-key={mine.private_key}", "--anonymous=yes")
    with start_gateway(f"--node={service.api_url}", *options) as gateway:
        session = session_of(gateway)
        session.verify = str(mine.chain)
        assert status_of(session, gateway.predictions_url) == 200
        before = ssl.get_server_certificate(("127.0.0.1", int(gateway.url.rsplit(":", 1)[1])))
        other = own_certificate(tmp_path / "other")
        other.private_key.replace(mine.private_key)
        other.chain.replace(mine.chain)
        deadline = time.monotonic() + TAKEN_OVER_S
        while ssl.get_server_certificate(("127.0.0.1", int(gateway.url.rsplit(":", 1)[1]))) == before:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert status_of(session, gateway.predictions_url) == 200  # on its old connection


def max_requests(gateway: GatewayProcess) -> int:
    """How many requests Envoy lets in at once."""
    [number] = re.findall(r"^nodes::default_priority::max_requests::(\d+)$", gateway.clusters(), re.MULTILINE)
    return int(number)


def test_the_list_of_nodes_is_read_again_when_it_changes(
    service: Service, start_gateway: GatewayStarter, tmp_path: Path
) -> None:
    nodes = tmp_path / "nodes"
    nodes.write_text("# none that answers\nhttp://127.0.0.1:9\n")
    with start_gateway(f"--nodes-file={nodes}", "--anonymous=yes") as gateway:
        answer = session_of(gateway).post(gateway.predictions_url, data=SEVEN, timeout=TIMEOUT_S)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"] == "ServiceUnavailable"
        assert max_requests(gateway) == REQUESTS_PER_NODE
        nodes.write_text(f"{service.api_url}\nhttp://127.0.0.1:9\n")
        wait_for_status(session_of(gateway), gateway.predictions_url, 200)
        assert max_requests(gateway) == 2 * REQUESTS_PER_NODE


def test_a_wrong_line_in_the_list_of_nodes_keeps_no_key_alive_and_the_gateway_running(
    service: Service, start_gateway: GatewayStarter, tmp_path: Path
) -> None:
    nodes = tmp_path / "nodes"
    nodes.write_text(f"{service.api_url}\n")
    with start_gateway(f"--nodes-file={nodes}", "--anonymous=no") as gateway:
        leaked, kept = (gateway.keys.add(name, ["predict"]).secret for name in ("leaked", "kept"))
        wait_for_status(session_of(gateway, leaked), gateway.predictions_url, 200)
        nodes.write_text("ftp://elsewhere\n")
        gateway.keys.withdraw("leaked")
        wait_for_status(session_of(gateway, leaked), gateway.predictions_url, 401)
        [envoy] = gateway.envoys()
        envoy.kill()
        eventually(lambda: [one.pid for one in gateway.envoys()] not in ([], [envoy.pid]))

        def is_answered() -> bool:
            with contextlib.suppress(requests.ConnectionError):  # Envoy does not listen yet
                return status_of(session_of(gateway, kept), gateway.predictions_url) == 200
            return False

        eventually(is_answered)


def test_a_request_has_one_id_in_both_logs_and_in_its_answer(
    gateway: GatewayProcess, key: str, service: Service
) -> None:
    answer = session_of(gateway, key).post(gateway.predictions_url, data=b"no picture", timeout=TIMEOUT_S)
    request_id = answer.headers["x-request-id"]
    deadline = time.monotonic() + TAKEN_OVER_S
    for log, member in (
        (gateway.logs / "access.log", "request_id"),
        (service.log_dir / "model_log.log", "gateway_request_id"),
    ):
        while f'"{member}":"{request_id}"' not in log.read_text().replace('": "', '":"'):
            assert time.monotonic() < deadline, log
            time.sleep(0.2)


def test_spans_go_to_the_collector_that_the_environment_names(
    service: Service, start_gateway: GatewayStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[str] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        with start_gateway(f"--node={service.api_url}") as gateway:
            deadline = time.monotonic() + 30
            while not received:
                assert status_of(session_of(gateway), gateway.predictions_url) == 200
                assert time.monotonic() < deadline
        collector.shutdown()
    assert set(received) == {"/v1/traces"}
