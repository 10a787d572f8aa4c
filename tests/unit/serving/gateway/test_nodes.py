"""When an ended node is started again."""

import time
from pathlib import Path

import pytest

from release.archive_digest import CheckedArchive
from serving.gateway.nodes import FIRST_WAIT_S, LASTING_S, LONGEST_WAIT_S, LocalNode
from serving.settings import read_ports
from serving.starlette_engine.engine import StarletteEngine


@pytest.fixture
def node(tmp_path: Path) -> LocalNode:
    archive = CheckedArchive(tmp_path / "mnist.mar", b"", "")
    return LocalNode(1, read_ports(), [archive], StarletteEngine, tmp_path, lambda node: None)


def test_its_ports_keep_their_distance_from_the_first_nodes(node: LocalNode) -> None:
    assert (node.address.port, node.address.grpc_port) == (8180, 7170)


def test_each_start_waits_twice_as_long_up_to_a_bound(node: LocalNode) -> None:
    assert [node.start_later() for _ in range(7)] == [1, 2, 4, 8, 16, LONGEST_WAIT_S, LONGEST_WAIT_S]


def test_a_node_that_ran_long_is_started_again_soon(node: LocalNode, monkeypatch: pytest.MonkeyPatch) -> None:
    node.start_later()
    node.start_later()
    later = time.monotonic() + LASTING_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert node.start_later() == FIRST_WAIT_S
