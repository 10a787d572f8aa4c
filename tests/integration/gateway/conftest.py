"""A real gateway on free ports, before the shared node or before nodes of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from model.locations import ROOT
from serving.gateway.keys import KEY_FILE, KeyFile
from serving.gateway.nodes import NODE_SPACING
from serving.settings import ServeError, check_ports_free
from tests.conftest import READY_LINE, START_TIMEOUT_S, Service, find_free_ports, stopped_at_the_end


@dataclass(frozen=True)
class RunningGateway:
    """One running `scripts/gateway.py`."""

    process: subprocess.Popen[bytes]
    url: str
    state: Path
    logs: Path

    @property
    def predictions_url(self) -> str:
        return f"{self.url}/predictions/mnist"

    @property
    def keys(self) -> KeyFile:
        return KeyFile(self.state / KEY_FILE)

    @property
    def certificate(self) -> Path:
        return self.state / "certificate.pem"

    def session(self, key: str | None = None) -> requests.Session:
        """A client that trusts the gateway's own certificate, with a key where one is given."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.certificate)
        if key is not None:
            session.headers["Authorization"] = f"Bearer {key}"
        return session

    def processes(self, word: str) -> list[psutil.Process]:
        """What the gateway has started, directly or not, whose command line has this word."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [process for process in found if any(word in part for part in _command(process))]


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


GatewayStarter = Callable[..., contextlib.AbstractContextManager[RunningGateway]]


@contextlib.contextmanager
def running_gateway(folder: Path, *arguments: str) -> Iterator[RunningGateway]:
    """A gateway for the length of a `with` block; nothing of it is left behind."""
    logs, state = folder / "logs", folder / "state"
    logs.mkdir(parents=True)
    port = find_free_ports().page
    command = [sys.executable, str(ROOT / "scripts" / "gateway.py"), f"--port={port}"]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [*command, f"--state-dir={state}", f"--log-dir={logs}", *arguments], stdout=out, stderr=err, cwd=ROOT
        )
    with stopped_at_the_end(process):
        deadline = time.monotonic() + START_TIMEOUT_S
        while READY_LINE not in (folder / "stdout").read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the gateway did not get ready ({process.poll()}):\n{(folder / 'stderr').read_text()}")
            time.sleep(0.1)
        scheme = "http" if "--no-tls" in arguments else "https"
        yield RunningGateway(process, f"{scheme}://127.0.0.1:{port}", state, logs)
    assert process.returncode == 0


def free_node_port(nodes: int) -> int:
    """A port for the first of several nodes whose ports, and those of the others, nobody uses."""
    for _ in range(50):
        ports = find_free_ports()
        with contextlib.suppress(ServeError):
            for number in range(1, nodes):
                check_ports_free(ports.moved(ports.inference + NODE_SPACING * number, None), with_page=False)
            return ports.inference
    raise RuntimeError("no free ports found")


@pytest.fixture
def start_gateway(tmp_path: Path) -> GatewayStarter:
    """Starts a gateway of the test's own, with options of gateway.py."""
    return lambda *arguments: running_gateway(tmp_path / "gateway", *arguments)


@pytest.fixture(scope="session")
def node_gateway(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """The gateway that most tests share, before the shared node; every request needs a key."""
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(folder, f"--node={service.api_url}", "--anonymous=no") as running:
        yield running
