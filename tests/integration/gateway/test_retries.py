"""How often the gateway asks again, by what a node has answered, and what reaches the client in the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest
import requests

from benchmarks.faults.bad_nodes import HEALTH_CHECK
from benchmarks.faults.gateway_process import GatewayProcess, running_gateway
from benchmarks.processes import find_free_ports
from serving.grpc_client import SERVICE
from serving.settings import LOOPBACK

TIMEOUT_S = 20
PATHS = ("/predictions/mnist", "/v2/models/mnist/infer")
MESSAGE = "no node can take the request now; ask again after a second"


BODY = b'{"code": 1, "type": "Fake", "message": "from the node"}'


@dataclass
class FakeNode:
    """A node that answers every request by HTTP or gRPC with one status, and counts them without health checks."""

    status: int = 200
    grpc_status: grpc.StatusCode = grpc.StatusCode.OK
    asked: list[str] = field(default_factory=list)
    body: bytes = BODY
    breaks: int = 0
    """So many answers break off in their middle."""

    @property
    def http_handler(self) -> type[BaseHTTPRequestHandler]:
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                is_probe = self.headers["user-agent"] == HEALTH_CHECK
                if not is_probe:
                    node.asked.append(self.path)
                self.send_response(200 if is_probe else node.status)
                self.send_header("content-length", str(len(node.body)))
                self.end_headers()
                breaks = not is_probe and len(node.asked) <= node.breaks
                self.wfile.write(node.body[: len(node.body) // 2] if breaks else node.body)
                self.close_connection = breaks

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer_grpc(self, _: bytes, context: grpc.ServicerContext) -> None:
        self.asked.append("gRPC")
        context.abort(self.grpc_status, "from the node")


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, FakeNode]]:
    """A gateway whose only node is a fake one."""
    node, ports = FakeNode(), find_free_ports()
    method = grpc.unary_unary_rpc_method_handler(node.answer_grpc)
    service, _, _ = SERVICE.strip("/").partition("/")
    with ThreadingHTTPServer((LOOPBACK, ports.inference), node.http_handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        grpc_server = grpc.server(ThreadPoolExecutor(4))
        grpc_server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Predictions": method}),))
        grpc_server.add_insecure_port(f"{LOOPBACK}:{ports.grpc_inference}")
        grpc_server.start()
        with running_gateway(tmp_path_factory.mktemp("retries"), f"--node={ports.api_url}", "--no-tls") as gateway:
            yield gateway, node
        grpc_server.stop(0)
        server.shutdown()


def post(fake: tuple[GatewayProcess, FakeNode], path: str, status: int) -> requests.Response:
    """What comes back where the node answers with this status."""
    gateway, node = fake
    node.status = status
    node.asked.clear()
    session = requests.Session()
    session.trust_env = False
    return session.post(gateway.url + path, data=b"picture", timeout=TIMEOUT_S)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("status", "tries"), [(200, 1), (415, 1), (500, 2), (507, 2), (503, 4)])
def test_a_full_queue_is_met_by_four_tries_and_a_dead_worker_by_two(
    fake: tuple[GatewayProcess, FakeNode], path: str, status: int, tries: int
) -> None:
    answer = post(fake, path, status)
    assert (answer.status_code, len(fake[1].asked)) == (status, tries)
    assert "x-try" not in answer.headers


@pytest.mark.parametrize(
    ("status", "tries"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 1),
        (grpc.StatusCode.INTERNAL, 2),
        (grpc.StatusCode.UNAVAILABLE, 4),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 4),
    ],
)
def test_grpc_is_asked_as_often(fake: tuple[GatewayProcess, FakeNode], status: grpc.StatusCode, tries: int) -> None:
    gateway, node = fake
    node.grpc_status = status
    node.asked.clear()
    with grpc.insecure_channel(gateway.url.partition("://")[2]) as channel, pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(f"{SERVICE}/Predictions")(b"", timeout=TIMEOUT_S)
    assert (error.value.code(), len(node.asked)) == (status, tries)


@pytest.mark.parametrize("path", PATHS)
def test_a_nodes_own_503_says_when_to_ask_again_in_the_paths_shape(
    fake: tuple[GatewayProcess, FakeNode], path: str
) -> None:
    answer = post(fake, path, 503)
    assert (answer.headers["retry-after"], answer.headers["content-type"]) == ("1", "application/json")
    contract = {"code": 503, "type": "ServiceUnavailable", "message": MESSAGE}
    assert answer.json() == ({"error": MESSAGE} if path.startswith("/v2") else contract)


@pytest.mark.parametrize("body", [BODY, BODY + bytes(4_000_000)], ids=["short", "4 MB"])
def test_a_node_that_dies_in_the_middle_of_its_answer_has_not_answered(
    fake: tuple[GatewayProcess, FakeNode], monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(fake[1], "body", body)
    monkeypatch.setattr(fake[1], "breaks", 1)
    answer = post(fake, "/predictions/mnist", 200)
    assert (answer.status_code, len(fake[1].asked)) == (200, 2)
    assert answer.content == body
