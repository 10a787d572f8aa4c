"""A container's health check, against a server of the test's own."""

import json
import socket
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from handler.answering import PROBE
from scripts import probe
from serving.gateway.certificate import own_certificate
from serving.gateway.keys import KeyFile
from serving.settings import SAMPLE


class Answering(BaseHTTPRequestHandler):
    """Answers each POST with what its server is to answer, and keeps what was sent."""

    server: "Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers.items())["user-agent"], body))
        self.server.sent_keys.append(self.headers["authorization"])
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answer = (200, json.dumps({"label": "7"}).encode())
        self.seen: list[tuple[str, str, bytes]] = []
        self.sent_keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/predictions/mnist"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_digit_is_healthy(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main([server.url]) == 0
    assert capsys.readouterr().out == "7\n"
    assert server.seen == [("/predictions/mnist", PROBE, SAMPLE.read_bytes())]


@pytest.mark.parametrize(
    "answer",
    [(503, b'{"code": 503}'), (200, b"Healthy"), (200, b"[]"), (200, b'{"status": "Healthy"}'), (204, b"")],
)
def test_anything_else_is_not(server: Server, answer: tuple[int, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    server.answer = answer
    assert probe.main([server.url]) == 1
    assert server.url in capsys.readouterr().err


def test_silence_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/predictions/mnist"
        assert probe.main([url, "--timeout-s=0.2"]) == 1
        assert "timed out" in capsys.readouterr().err
    assert probe.main([url]) == 1
    assert "refused" in capsys.readouterr().err


def test_a_gateway_is_asked_over_tls_with_a_key_that_may_predict(server: Server, tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.private_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    keys = KeyFile(tmp_path / "keys.json")
    url = server.url.replace("http:", "https:")
    assert probe.main([url, f"--keys={keys.path}"]) == 1
    keys.add("teacher", ["teach"])
    assert probe.main([url, f"--keys={keys.path}"]) == 1
    assert server.seen == []
    key = keys.add("ann", ["predict"])
    assert probe.main([url, f"--keys={keys.path}"]) == 0
    assert server.sent_keys == [f"Bearer {key.secret}"]
