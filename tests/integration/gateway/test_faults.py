"""Nothing is lost when something dies behind the gateway: `make faults` in short, counts and not times."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.faults.bad_nodes import answer_500, answer_late, bad_node, reset
from benchmarks.faults.clients import RIGHT, Part, Tally
from benchmarks.faults.crowds import nodes_apart, overload
from benchmarks.faults.deaths import (
    kill_envoy,
    kill_node,
    kill_worker,
    replaced_certificates_and_nodes,
    restarted_nodes,
    stopped_node,
)
from benchmarks.faults.further_nodes import cut_link, full_disk, missing
from benchmarks.faults.gateway_process import free_node_port, running_gateway
from benchmarks.faults.rows import ask_by_plan
from benchmarks.faults.setting import Fault, Setting
from tests.drawing import DIGITS, draw_digit, encoded

PARTS = [Part("HTTP/1.1", 16, 1_000), Part("HTTP/2", 16, 200_000), Part("gRPC", 16, 1_000)]
REQUESTS = 100
PICTURES = [(str(digit), encoded(draw_digit(digit))) for digit in DIGITS]
TIMEOUT_S = 60


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """A gateway with two nodes of its own, and a file for more."""
    folder = tmp_path_factory.mktemp("faults")
    nodes_file = folder / "nodes"
    nodes_file.write_text("")
    arguments = ["--nodes=2", f"--node-port={free_node_port(2)}", f"--nodes-file={nodes_file}"]
    with running_gateway(folder / "gateway", *arguments, "--requests-per-s=100000") as gateway:
        yield Setting(gateway, 2, nodes_file, folder)


def ask(setting: Setting) -> Tally:
    """What comes back to some clients of each protocol."""
    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps an event loop in this one
        return thread.submit(ask_by_plan, setting, PICTURES, len(PARTS) * REQUESTS, PARTS).result()


def test_nothing_is_lost_while_nothing_is_wrong(setting: Setting) -> None:
    tally = ask(setting)
    assert tally.outcomes == {RIGHT: len(PARTS) * REQUESTS}


def test_a_killed_worker_loses_nothing(setting: Setting) -> None:
    kill_worker(setting)
    assert ask(setting).lost == {}


def test_a_killed_node_loses_nothing_and_comes_back(setting: Setting) -> None:
    setting.gateway.wait_until_healthy(2)
    kill_node(setting)
    assert ask(setting).lost == {}
    setting.gateway.wait_until_healthy(2)


def test_a_stopped_node_loses_nothing(setting: Setting) -> None:
    with stopped_node(setting):
        assert ask(setting).lost == {}


@pytest.mark.parametrize("fault", [bad_node(answer_500), bad_node(reset), bad_node(answer_late)])
def test_a_node_that_looks_healthy_and_does_only_harm_loses_nothing(setting: Setting, fault: Fault) -> None:
    with fault(setting):
        assert ask(setting).lost == {}


@pytest.mark.skipif(missing() is not None, reason=f"on this machine it {missing()}")
@pytest.mark.parametrize("fault", [cut_link, full_disk])
def test_a_node_without_its_link_or_its_disk_loses_nothing(setting: Setting, fault: Fault) -> None:
    with fault(setting):
        assert ask(setting).lost == {}


def test_of_too_many_requests_each_is_answered_right_or_told_to_come_again(setting: Setting) -> None:
    with nodes_apart(setting):
        tally = overload(setting, PICTURES, REQUESTS)
    assert tally.lost == {}
    assert tally.outcomes[RIGHT] > 0


def test_nodes_restarted_in_turn_lose_nothing(setting: Setting) -> None:
    before = {process.pid for process in setting.gateway.nodes()}
    with restarted_nodes(setting):
        assert ask(setting).lost == {}
    assert before.isdisjoint(process.pid for process in setting.gateway.nodes())


def test_a_new_certificate_and_list_of_nodes_lose_nothing(setting: Setting) -> None:
    address = ("127.0.0.1", int(setting.gateway.url.rsplit(":", 1)[1]))
    before = ssl.get_server_certificate(address)
    deadline = time.monotonic() + TIMEOUT_S
    with replaced_certificates_and_nodes(setting):
        while ssl.get_server_certificate(address) == before:
            assert ask(setting).lost == {}
            assert time.monotonic() < deadline


def test_a_killed_envoy_is_back_for_clients_that_reconnect(setting: Setting) -> None:
    [before] = setting.gateway.envoys()
    kill_envoy(setting)
    deadline = time.monotonic() + TIMEOUT_S
    while ask(setting).lost:
        assert time.monotonic() < deadline
    [after] = setting.gateway.envoys()
    assert after.pid != before.pid
