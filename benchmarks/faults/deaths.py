"""What dies, stops or is replaced: workers, nodes, Envoy, the certificate."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psutil

from benchmarks.faults.setting import Setting, every
from serving.gateway.certificate import own_certificate

CERTIFICATES = 50
READY_TIMEOUT_S = 90.0


def kill_worker(setting: Setting) -> None:
    """SIGKILL one worker of any node."""
    random.choice(setting.gateway.workers()).kill()  # noqa: S311 - no secret


def kill_node(setting: Setting) -> None:
    """SIGKILL one of the gateway's own nodes, once all of them answer."""
    nodes = setting.gateway.nodes()
    if setting.gateway.healthy_nodes() == setting.nodes:
        random.choice(nodes).kill()  # noqa: S311 - no secret


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
