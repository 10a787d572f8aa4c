"""Nothing is lost when something dies behind the gateway: counts, not times."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from serving.grpc_client import GrpcClient
from tests.drawing import DIGITS, draw_digit, encoded
from tests.integration.gateway.conftest import RunningGateway, free_node_port, running_gateway

CLIENTS = 16
REQUESTS = 300
TIMEOUT_S = 30
PICTURES = {str(digit): encoded(draw_digit(digit)) for digit in DIGITS}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway with two nodes of its own."""
    with running_gateway(tmp_path_factory.mktemp("faults"), "--nodes=2", f"--node-port={free_node_port(2)}") as running:
        yield running


class Load:
    """Clients that ask without pause, each over one connection, and count what comes back."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.seen: Counter[str] = Counter()
        self._gateway, self._is_over, self._lock = gateway, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        session = self._gateway.session()
        while not self._is_over.is_set():
            for label, picture in PICTURES.items():
                try:
                    answer = session.post(self._gateway.predictions_url, data=picture, timeout=TIMEOUT_S)
                    is_right = answer.status_code == 200 and answer.json()["label"] == label
                    outcome = "right" if is_right else f"{answer.status_code} {answer.text[:200]}"
                except requests.RequestException as error:
                    outcome = f"{type(error).__name__}: {error}"
                with self._lock:
                    self.seen[outcome] += 1

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests have been answered."""
        wanted = self.seen.total() + more
        deadline = time.monotonic() + 60
        while self.seen.total() < wanted:
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.05)


def lost_through(gateway: RunningGateway, fault: Callable[[], None]) -> dict[str, int]:
    """What else than right answers came through a fault."""
    with Load(gateway) as load:
        load.wait_for(REQUESTS // 3)
        fault()
        load.wait_for(2 * REQUESTS // 3)
    return {outcome: count for outcome, count in load.seen.items() if outcome != "right"}


def test_a_killed_worker_loses_nothing(gateway: RunningGateway) -> None:
    assert lost_through(gateway, lambda: gateway.processes("model_service_worker")[0].kill()) == {}


def test_a_killed_node_loses_nothing_and_comes_back(gateway: RunningGateway) -> None:
    killed = gateway.processes("org.pytorch.serve.ModelServer")[0]
    assert lost_through(gateway, killed.kill) == {}
    deadline = time.monotonic() + 60
    while len(gateway.processes("org.pytorch.serve.ModelServer")) < 2 or killed.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_stopped_node_loses_nothing(gateway: RunningGateway) -> None:
    node = gateway.processes("org.pytorch.serve.ModelServer")[0]
    try:
        assert lost_through(gateway, node.suspend) == {}
    finally:
        node.resume()


def test_nodes_restarted_in_turn_lose_nothing(gateway: RunningGateway) -> None:
    before = {process.pid for process in gateway.processes("org.pytorch.serve.ModelServer")}

    def restart() -> None:
        gateway.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 90
        while before & (now := {p.pid for p in gateway.processes("org.pytorch.serve.ModelServer")}) or len(now) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.2)

    assert lost_through(gateway, restart) == {}


def test_a_killed_envoy_is_back_and_clients_that_reconnect_are_answered(gateway: RunningGateway) -> None:
    [envoy] = gateway.processes("_bin/envoy")[-1:]
    envoy.kill()
    deadline = time.monotonic() + 20
    while True:
        try:
            answer = gateway.session().post(gateway.predictions_url, data=PICTURES["7"], timeout=TIMEOUT_S)
            break
        except requests.RequestException:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert answer.json()["label"] == "7"
    assert [process.pid for process in gateway.processes("_bin/envoy")] != [envoy.pid]


def test_grpc_is_answered_on_the_same_port(gateway: RunningGateway) -> None:
    address = gateway.url.partition("://")[2]
    with GrpcClient(address, certificate=Path(gateway.certificate)) as client:
        assert [client.predict(picture)["label"] for picture in PICTURES.values()] == list(PICTURES)
