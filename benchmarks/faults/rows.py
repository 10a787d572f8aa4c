"""The faults: what each does to a running gateway while clients ask, and how much may be lost."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp

import psutil

from benchmarks.faults.gateway_process import GatewayProcess
from serving.gateway.certificate import own_certificate
from serving.settings import LOOPBACK

CERTIFICATES = 50
HELD_OPEN = 500
READY_TIMEOUT_S = 90.0


@dataclass(frozen=True)
class Setting:
    """What a fault may touch: the gateway, and the files that it was started with."""

    gateway: GatewayProcess
    nodes_file: Path
    folder: Path


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        name: of the table's row.
        slowest_s: how long the slowest answer may take.
        fault: what happens while clients ask, for the length of a `with` block.
        loses_held: whether what Envoy held may be lost, because Envoy itself dies.
    """

    name: str
    slowest_s: float
    fault: Callable[[Setting], AbstractContextManager[None]]
    loses_held: bool = False


def every(seconds: float, act: Callable[[Setting], None]) -> Callable[[Setting], AbstractContextManager[None]]:
    """Do something soon and then every so many seconds, from a thread of its own."""

    @contextmanager
    def fault(setting: Setting) -> Iterator[None]:
        is_over = threading.Event()

        def repeat() -> None:
            wait_s = 1.0
            while not is_over.wait(wait_s):
                with contextlib.suppress(psutil.Error, IndexError):  # it may be starting anew just now
                    act(setting)
                wait_s = seconds

        thread = threading.Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    return fault


def kill_worker(setting: Setting) -> None:
    """SIGKILL one worker of any node."""
    random.choice(setting.gateway.workers()).kill()  # noqa: S311 - no secret


def kill_node(setting: Setting) -> None:
    """SIGKILL one node, where all are there."""
    random.choice(setting.gateway.nodes()).kill()  # noqa: S311 - no secret


def kill_envoy(setting: Setting) -> None:
    """SIGKILL Envoy."""
    setting.gateway.envoys()[0].kill()


@contextmanager
def replaced_certificates_and_nodes(setting: Setting) -> Iterator[None]:
    """Again and again a new certificate, and the list of nodes in another order; clients trust all of them."""
    folder = Path(mkdtemp(dir=setting.folder))
    certificates = [own_certificate(folder / str(number)) for number in range(CERTIFICATES)]
    setting.gateway.trust(certificates)
    remaining = iter(certificates)

    def replace(setting: Setting) -> None:
        if certificate := next(remaining, None):
            setting.gateway.replace_certificate(certificate)
        lines = [line for line in setting.nodes_file.read_text().splitlines() if not line.startswith("#")]
        setting.nodes_file.write_text("\n".join([f"# {time.monotonic_ns()}", *reversed(lines)]))

    with every(2, replace)(setting):
        yield


@contextmanager
def stopped_node(setting: Setting) -> Iterator[None]:
    """A node that does not run on (SIGSTOP), for 20 s or as long as clients ask."""
    node = setting.gateway.nodes()[0]
    node.suspend()
    timer = threading.Timer(20.0, node.resume)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with contextlib.suppress(psutil.Error):
            node.resume()


@contextmanager
def restarted_nodes(setting: Setting) -> Iterator[None]:
    """All nodes drained and restarted, one after the other; waits until all are new."""
    before = {process.pid for process in setting.gateway.nodes()}
    setting.gateway.process.send_signal(signal.SIGUSR1)
    yield
    deadline = time.monotonic() + READY_TIMEOUT_S
    while before & {process.pid for process in setting.gateway.nodes()} and time.monotonic() < deadline:
        time.sleep(0.2)


def bad_node(behave: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[Setting], AbstractContextManager[None]]:
    """One more node, which does nothing but harm."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            behave(self)

        def log_message(self, *_: object) -> None:
            pass

    @contextmanager
    def fault(setting: Setting) -> Iterator[None]:
        before = setting.nodes_file.read_text()
        with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            setting.nodes_file.write_text(f"{before}\nhttp://{LOOPBACK}:{server.server_port}\n")
            try:
                yield
            finally:
                setting.nodes_file.write_text(before)
                server.shutdown()

    return fault


def answer_500(request: BaseHTTPRequestHandler) -> None:
    """500 at once, the body unread."""
    body = b'{"code": 500, "type": "InternalServerException", "message": "broken"}'
    request.send_response(500)
    request.send_header("Content-Length", str(len(body)))
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(body)
    request.close_connection = True


def reset(request: BaseHTTPRequestHandler) -> None:
    """The connection reset."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.connection.close()
    request.close_connection = True


def answer_late(request: BaseHTTPRequestHandler) -> None:
    """An answer after 30 s."""
    time.sleep(30)
    with contextlib.suppress(OSError):
        answer_500(request)


@contextmanager
def slow_clients(setting: Setting) -> Iterator[None]:
    """Many requests that were sent by half, held open."""
    host, _, port = setting.gateway.url.partition("://")[2].partition(":")
    context = ssl.create_default_context(cafile=str(setting.gateway.certificate))
    with ExitStack() as stack:
        for _ in range(HELD_OPEN):
            connection = stack.enter_context(
                context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
            )
            connection.sendall(
                b"POST /predictions/mnist HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000)
            )
        yield


ROWS = (
    Row("a worker killed (SIGKILL), every 5 s", 3, every(5, kill_worker)),
    Row("a node killed, every 10 s", 3, every(10, kill_node)),
    Row("a node stopped (SIGSTOP) for 20 s", 5, stopped_node),
    Row("all nodes drained and restarted in turn", 3, restarted_nodes),
    Row("a new certificate and list of nodes, every 2 s", 3, replaced_certificates_and_nodes),
    Row("the gateway killed, every 10 s", 3, every(10, kill_envoy), loses_held=True),
    Row("a node that answers 500 to everything", 5, bad_node(answer_500)),
    Row("a node that resets every connection", 5, bad_node(reset)),
    Row("a node that answers each after 30 s", 5, bad_node(answer_late)),
    Row(f"{HELD_OPEN} half-sent requests held open", 5, slow_clients),
)
