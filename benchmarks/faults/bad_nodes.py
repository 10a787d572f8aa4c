"""Nodes that look healthy and do nothing but harm."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.faults.setting import Fault, Setting
from serving.settings import LOOPBACK

HEALTH_CHECK = "Envoy/HC"
"""The user agent of Envoy's health checks."""

LATE_S = 30.0
LINGER_0 = struct.pack("ii", 1, 0)
"""Close by a reset."""


def bad_node(behave: Callable[[BaseHTTPRequestHandler], None]) -> Fault:
    """One more node, which answers health checks well and everything else by `behave`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if self.headers["user-agent"] == HEALTH_CHECK:
                answer(self, 200)
            else:
                behave(self)

        def log_message(self, *_: object) -> None:
            pass

    @contextmanager
    def fault(setting: Setting) -> Iterator[None]:
        with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                with setting.further_node(f"http://{LOOPBACK}:{server.server_port}"):
                    yield
            finally:
                server.shutdown()

    return fault


def answer(request: BaseHTTPRequestHandler, status: int) -> None:
    """A status and a body in TorchServe's shape, at once; the request's own body stays unread."""
    body = b'{"code": 500, "type": "InternalServerException", "message": "broken"}'
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(body)
    request.close_connection = True


def answer_500(request: BaseHTTPRequestHandler) -> None:
    """500 at once."""
    answer(request, 500)


def reset(request: BaseHTTPRequestHandler) -> None:
    """The connection reset."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    request.connection.close()
    request.close_connection = True


def answer_late(request: BaseHTTPRequestHandler) -> None:
    """500 after `LATE_S`."""
    time.sleep(LATE_S)
    with contextlib.suppress(OSError):
        answer_500(request)
