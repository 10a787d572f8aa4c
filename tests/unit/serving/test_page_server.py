"""The life of the page's server: its port, its end, and that nobody delays it."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from serving.page import PageConfig
from serving.page_server import PageServer
from serving.settings import LOOPBACK
from serving.uvicorn_thread import STOP_TIMEOUT_S

CONFIG = PageConfig("http://127.0.0.1:8080", "mnist", ["0", "1"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html>the page")
    (tmp_path / "big.txt").write_bytes(b"x" * 20_000_000)
    return tmp_path


def test_the_port_is_held_from_the_start_and_freed_at_the_end(folder: Path) -> None:
    server = PageServer(folder, 0, CONFIG)
    with pytest.raises(OSError, match="in use"):
        PageServer(folder, server.port, CONFIG).start()
    server.stop()
    again = PageServer(folder, server.port, CONFIG)
    again.stop()
    again.stop()  # a second time does no harm


def test_the_end_of_the_server_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    server = PageServer(folder, 0, CONFIG)
    server.start(on_end=ended.set)
    server.stop()
    assert ended.wait(5)


def test_who_asks_before_the_start_waits(folder: Path) -> None:
    server = PageServer(folder, 0, CONFIG)
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=5)
    connection.request("GET", "/")
    server.start()
    assert connection.getresponse().status == 200
    connection.close()
    server.stop()


@pytest.mark.parametrize("kind", ["nothing asked", "half a request", "kept open after an answer", "an answer not read"])
def test_an_open_connection_does_not_delay_a_stop(folder: Path, kind: str) -> None:
    server = PageServer(folder, 0, CONFIG)
    server.start()
    file = "/big.txt" if kind == "an answer not read" else "/"
    with socket.create_connection((LOOPBACK, server.port), timeout=5) as client:
        request = f"GET {file} HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
        client.sendall({"nothing asked": b"", "half a request": request[:-2]}.get(kind, request))
        if kind in ("kept open after an answer", "an answer not read"):
            assert client.recv(12) == b"HTTP/1.1 200"
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < (1 if kind != "an answer not read" else STOP_TIMEOUT_S + 1)


def test_a_crash_is_one_line_and_its_end_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(self: uvicorn.Server, counter: int) -> bool:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(uvicorn.Server, "on_tick", crash)
    ended, errors = threading.Event(), list[str]()
    server = PageServer(folder, 0, CONFIG, on_error=errors.append)
    server.start(on_end=ended.set)
    assert ended.wait(5)
    server.stop()
    assert errors == ["ZeroDivisionError: division by zero"]


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 100_000])
def test_what_is_no_request_is_a_400_and_not_logged(
    folder: Path, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    server = PageServer(folder, 0, CONFIG)
    server.start()
    with caplog.at_level(logging.WARNING), socket.create_connection((LOOPBACK, server.port), timeout=5) as client:
        client.sendall(sent)
        assert client.recv(12) == b"HTTP/1.1 400"
    server.stop()
    assert caplog.records == []
