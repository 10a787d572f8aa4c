"""A real gateway on free ports, before the shared node or before nodes of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from benchmarks.faults.gateway_process import GatewayProcess, running_gateway
from benchmarks.processes import find_free_ports
from serving.settings import LOOPBACK
from tests.conftest import Service

GatewayStarter = Callable[..., contextlib.AbstractContextManager[GatewayProcess]]


def session_of(gateway: GatewayProcess, key: str | None = None) -> requests.Session:
    """A client that trusts the gateway's own certificate, with a key where one is given."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(gateway.certificate)
    if key is not None:
        session.headers["Authorization"] = f"Bearer {key}"
    return session


@pytest.fixture
def start_gateway(tmp_path: Path) -> GatewayStarter:
    """Starts a gateway of the test's own, with options of gateway.py."""
    return lambda *arguments: running_gateway(tmp_path / "gateway", *arguments)


@pytest.fixture(scope="session")
def learner_port() -> int:
    """Where the shared gateway looks for a learner; nobody answers there unless a test starts one."""
    return find_free_ports().page


@pytest.fixture(scope="session")
def node_gateway(
    service: Service, learner_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """The gateway that most tests share, before the shared node; every request needs a key."""
    learner = f"--learner={LOOPBACK}:{learner_port}"
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(folder, f"--node={service.api_url}", "--anonymous=no", learner) as running:
        yield running
