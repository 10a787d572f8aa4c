"""A real gateway in a process of its own, with whatever it starts, for tests and measurements."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.processes import descendants, find_free_ports, stop, wait_until_ready
from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from model.locations import ROOT
from serving.gateway.certificate import Certificate
from serving.gateway.keys import KEY_FILE, KeyFile
from serving.gateway.nodes import NODE_SPACING
from serving.settings import LOOPBACK, ServeError, check_ports_free
from serving.unix_http import UnixConnection

TRUSTED = "trusted.pem"
FORK_SERVER = "fork_server.py"  # of a node, whose workers are its children
START_TIMEOUT_S = 100.0
STOP_TIMEOUT_S = 60.0
ADMIN_TIMEOUT_S = 5.0
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class GatewayProcess:
    """One running `scripts/gateway.py`.

    Attributes:
        process: the supervisor.
        url: where the gateway answers.
        state: folder of its keys and its certificate.
        logs: folder of its logs.
    """

    process: subprocess.Popen[bytes]
    url: str
    state: Path
    logs: Path

    @property
    def predictions_url(self) -> str:
        return f"{self.url}/predictions/{MODEL_NAME}"

    @property
    def metrics_url(self) -> str:
        """Where Prometheus reads Envoy's statistics: one port above, by default."""
        return f"http://{LOOPBACK}:{int(self.url.rpartition(':')[2]) + 1}/metrics"

    @property
    def keys(self) -> KeyFile:
        return KeyFile(self.state / KEY_FILE)

    @property
    def certificate(self) -> Path:
        """What clients trust: the gateway's own certificate, or all that it has had."""
        all_of_them = self.state / TRUSTED
        return all_of_them if all_of_them.exists() else self.state / "certificate.pem"

    def trust(self, certificates: Sequence[Certificate]) -> None:
        """Let clients that come from now on trust these too."""
        chains = [certificate.chain.read_bytes() for certificate in certificates]
        (self.state / TRUSTED).write_bytes(b"".join([self.certificate.read_bytes(), *chains]))

    def replace_certificate(self, new: Certificate) -> None:
        """Give it another certificate, which clients trust already."""
        new.private_key.replace(self.state / "private-key.pem")
        new.chain.replace(self.state / "certificate.pem")

    def processes(self, word: str) -> list[psutil.Process]:
        """What the gateway has started, directly or not, whose command line has this word."""
        return [process for process in descendants(self.process) if any(word in part for part in _command(process))]

    def workers(self) -> list[psutil.Process]:
        """The workers of all nodes, each forked by its node's fork server."""
        forking = self.processes(FORK_SERVER)
        return [process for process in forking if process.parent() in forking]

    def nodes(self) -> list[psutil.Process]:
        """The JVM of each node."""
        return self.processes("org.pytorch.serve.ModelServer")

    def envoys(self) -> list[psutil.Process]:
        """Envoy, behind its guard."""
        return [process for process in self.processes("--use-dynamic-base-id") if process.name() == "envoy"]

    def clusters(self) -> str:
        """What Envoy knows of the nodes, by its administration: a line for each value.

        Raises:
            IndexError, psutil.Error, OSError: it does not run just now.
        """
        command = self.envoys()[0].cmdline()
        socket = Path(command[command.index("--config-path") + 1]).with_name("admin.sock")
        connection = UnixConnection(socket, ADMIN_TIMEOUT_S)
        try:
            connection.request("GET", "/clusters")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def healthy_nodes(self) -> int:
        """How many nodes answer Envoy's health checks."""
        return len(re.findall(r"^nodes::.*::health_flags::healthy$", self.clusters(), re.MULTILINE))

    def wait_until_healthy(self, nodes: int) -> None:
        """Wait until so many nodes answer.

        Raises:
            OperatorError: they did not in time.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(IndexError, psutil.Error, OSError):  # Envoy may be starting anew
                if self.healthy_nodes() >= nodes:
                    return
            time.sleep(POLL_INTERVAL_S)
        raise OperatorError(f"{nodes} nodes did not answer again within {START_TIMEOUT_S:g} s")


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


@contextlib.contextmanager
def running_gateway(folder: Path, *arguments: str) -> Iterator[GatewayProcess]:
    """A gateway on a free port, ready, for the length of a `with` block; nothing of it is left behind.

    Raises:
        OperatorError: it did not get ready, or did not end as it should.
    """
    logs, state = folder / "logs", folder / "state"
    logs.mkdir(parents=True)
    port = find_free_ports().page
    command = [sys.executable, str(ROOT / "scripts" / "gateway.py"), f"--port={port}"]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [*command, f"--state-dir={state}", f"--log-dir={logs}", *arguments], stdout=out, stderr=err, cwd=ROOT
        )
    try:
        wait_until_ready(process, folder / "stdout", folder / "stderr", START_TIMEOUT_S)
        scheme = "http" if "--no-tls" in arguments else "https"
        yield GatewayProcess(process, f"{scheme}://{LOOPBACK}:{port}", state, logs)
    finally:
        alive = stop(process, STOP_TIMEOUT_S)
    if process.returncode != 0 or alive:
        said = (folder / "stderr").read_text()
        raise OperatorError(f"the gateway ended with {process.returncode}, left running: {alive}\n{said}")


def free_node_port(nodes: int) -> int:
    """A port for the first of several nodes whose ports, and those of the others, nobody uses."""
    for _ in range(50):
        ports = find_free_ports()
        with contextlib.suppress(ServeError):
            for number in range(1, nodes):
                check_ports_free(ports.moved(ports.inference + NODE_SPACING * number, None), with_page=False)
            return ports.inference
    raise OperatorError("no free ports found")
