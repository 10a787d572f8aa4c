"""What the page's server passes on to the API, and to whom it says that the page may ask there."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from serving import forwarding
from serving.forwarding import Api
from serving.page import OWN_ADDRESS, PageConfig
from serving.page_server import PageServer

MAX_BODY_BYTES = 1000


class Recorder(BaseHTTPRequestHandler):
    """Stands for TorchServe: keeps what it is asked, and answers 415."""

    asked: ClassVar[list[tuple[str, str, dict[str, str], bytes]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.command, self.path, dict(self.headers), body))
        self.send_response(415)
        for name, value in (("Content-Type", "application/json"), ("X-Request-Id", "abc"), ("Content-Length", "2")):
            self.send_header(name, value)
        self.send_header("Access-Control-Allow-Origin", "https://digits.example")
        self.end_headers()
        self.wfile.write(b"{}")

    do_PUT = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def api() -> Iterator[Api]:
    Recorder.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Api(f"http://127.0.0.1:{server.server_port}", MAX_BODY_BYTES)
        server.shutdown()
        thread.join()


@contextmanager
def page(folder: Path, api: Api, endpoint: str | None = None) -> Iterator[PageServer]:
    server = PageServer(folder, 0, PageConfig(endpoint or api.url, "mnist"), on_error=pytest.fail, api=api)
    server.start()
    yield server
    server.stop()


def ask(
    server: PageServer, path: str, method: str = "POST", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, dict(response.headers), json.loads(content) if content else None


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", ["/predictions/mnist", "/explanations/mnist/1.0?x=1", "/predictions/m%20n%3F"])
def test_a_picture_is_passed_on_as_it_was_sent(tmp_path: Path, api: Api, path: str, method: str) -> None:
    sent = {"Content-Type": "image/png", "Content-Encoding": "gzip", "Authorization": "Bearer x", "explain": "True"}
    with page(tmp_path, api) as server:
        status, headers, body = ask(server, path, method, b"picture", {"Host": "localhost:9000", **sent})
    assert (status, body, headers["content-type"], headers["x-request-id"]) == (415, {}, "application/json", "abc")
    assert "access-control-allow-origin" not in {name.lower() for name in headers}
    [(asked_method, asked_path, asked_headers, asked_body)] = Recorder.asked
    assert (asked_method, asked_path, asked_body) == (method, path, b"picture")
    assert {name: asked_headers.get(name) for name in sent} == {**sent, "explain": None}


@pytest.mark.parametrize("path", ["/models/mnist", "/ping", "/v2/models/mnist/infer", "/predictions"])
def test_other_paths_are_not_passed_on(tmp_path: Path, api: Api, path: str) -> None:
    (tmp_path / "index.html").write_text("")
    with page(tmp_path, api) as server, pytest.raises(json.JSONDecodeError):  # the page's own words, in plain text
        ask(server, path)
    assert Recorder.asked == []


def test_a_strangers_name_reaches_no_api(tmp_path: Path, api: Api) -> None:
    with page(tmp_path, api) as server, pytest.raises(json.JSONDecodeError):
        ask(server, "/predictions/mnist", body=b"picture", headers={"Host": "evil.example"})
    assert Recorder.asked == []


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_in_torchserves_shape(tmp_path: Path, api: Api, method: str) -> None:
    with page(tmp_path, api) as server:
        status, headers, body = ask(server, "/predictions/mnist", method)
    assert (status, headers["allow"], body["code"], body["type"]) == (405, "POST, PUT", 405, "MethodNotAllowed")
    assert method in body["message"] and "POST or PUT" in body["message"]
    assert Recorder.asked == []


def test_a_body_that_is_too_long_is_refused(tmp_path: Path, api: Api) -> None:
    with page(tmp_path, api) as server:
        assert ask(server, "/predictions/mnist", body=b"x" * MAX_BODY_BYTES)[0] == 415
        status, _, body = ask(server, "/predictions/mnist", body=b"x" * (MAX_BODY_BYTES + 1))
    assert (status, body["code"], body["type"]) == (413, 413, "PayloadTooLarge")
    assert "more than 1000 bytes" in body["message"]


def test_an_api_that_is_down_or_too_slow_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with page(tmp_path, Api("http://127.0.0.1:1", MAX_BODY_BYTES)) as server:
        status, _, body = ask(server, "/predictions/mnist")
        assert (status, body["type"], body["message"]) == (502, "BadGateway", "TorchServe does not answer.")
    monkeypatch.setattr(forwarding, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = Api(f"http://127.0.0.1:{silent.getsockname()[1]}", MAX_BODY_BYTES)
        with page(tmp_path, api) as server:
            status, _, body = ask(server, "/predictions/mnist")
    assert (status, body["type"], body["message"]) == (504, "GatewayTimeout", "TorchServe took over 0.1 s.")


@pytest.mark.parametrize(
    ("headers", "is_direct"),
    [
        ({}, True),
        ({"Host": "localhost:{port}"}, False),
        ({"Host": "127.0.0.1:9"}, False),
        ({"X-Forwarded-Host": "name-8000.app.github.dev"}, False),
        ({"Forwarded": "host=digits.example"}, False),
    ],
)
def test_only_who_comes_directly_is_sent_to_the_api(
    tmp_path: Path, api: Api, headers: dict[str, str], is_direct: bool
) -> None:
    with page(tmp_path, api) as server:
        headers = {name: value.format(port=server.port) for name, value in headers.items()}
        _, answer, config = ask(server, "/config.json", "GET", headers=headers)
    assert config["endpoint"] == (api.url if is_direct else OWN_ADDRESS)
    assert f"connect-src 'self' {api.url};" in answer["content-security-policy"]


def test_a_page_that_cors_does_not_allow_asks_beside_itself(tmp_path: Path, api: Api) -> None:
    with page(tmp_path, api, OWN_ADDRESS) as server:
        _, answer, config = ask(server, "/config.json", "GET")
    assert config["endpoint"] == OWN_ADDRESS
    assert "connect-src 'self';" in answer["content-security-policy"]
