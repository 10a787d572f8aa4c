"""Runs the gateway until a signal comes: Envoy, the page's server, and the nodes that are this machine's.

What ends unexpectedly is started again. Keys, certificate and list of nodes take effect when their files change. It
tells its caller what happens through an `Observer`, and prints nothing.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from serving.engines import starter_of
from serving.gateway.certificate import own_certificate
from serving.gateway.configuration import Configuration, GatewayError, Node
from serving.gateway.description import Gateway, Observer
from serving.gateway.envoy import Envoy
from serving.gateway.nodes import LocalNode
from serving.gateway.open_inference_grpc import OpenInferenceServer
from serving.machine import check_open_files, temporary_folder
from serving.model_description import describe
from serving.page import OWN_ADDRESS, PageConfig
from serving.page_server import PageServer
from serving.supervisor import STATIC_FOLDER, check_disk, choose_archive

ACCESS_LOG = "access.log"
SETTLE_S = 0.5
ENVOY_WAIT_S = 5.0
"""Before Envoy is started once more where it cannot be."""
WATCH_INTERVAL_S = 0.3
MAX_LOG_BYTES = 50 * 2**20
"""Size at which the access log is put aside as `access.log.1`, in place of the one before."""


def serve(gateway: Gateway, observer: Observer) -> bool:
    """Run everything until a signal comes; returns whether it was ready before it came.

    SIGINT, SIGTERM and SIGHUP end it once all requests under way are answered. SIGUSR1 restarts the local nodes, one
    after the other.

    Raises:
        OperatorError, OSError: it could not be started; nothing is left running.
    """
    started = time.monotonic()
    check_open_files()
    check_disk(gateway.log_folder)
    settings = gateway.settings
    _check_port(settings.address, settings.port, "--port")
    _check_port(settings.metrics_address, settings.metrics_port, "--metrics-port")
    with contextlib.ExitStack() as stack:
        running = _Running(gateway, observer, stack)
        is_ready = running.wait_until_ready(started + gateway.timeout_s)
        if is_ready:
            observer.ready(time.monotonic() - started)
            running.watch()
        observer.stopping()
    return is_ready


class _Running:
    """The running parts of one gateway; `stack` ends them, Envoy first."""

    def __init__(self, gateway: Gateway, observer: Observer, stack: contextlib.ExitStack) -> None:
        self._gateway, self._observer = gateway, observer
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_signalled = False
        self._resting: LocalNode | None = None  # being restarted, so it is asked nothing
        self._usable: dict[str, object] = {}  # the last of each that could be read
        self._written: dict[str, object] = {}
        self._complaint = ""
        archive = choose_archive(gateway.archive, observer.packing, gateway.digest)
        _on_signals(self._events, end=self._end, restart=self._restart_nodes)
        model = describe(archive)
        config = PageConfig(OWN_ADDRESS, MODEL_NAME, model.labels)
        page = PageServer(STATIC_FOLDER, 0, config, model.files, observer.note, allowed_hosts=gateway.allowed_hosts)
        page.start()
        stack.callback(page.stop)
        grpc_server = OpenInferenceServer(lambda: self._configuration.nodes_socket)
        stack.callback(grpc_server.stop)
        grpc_server.start()
        self._settings = replace(
            gateway.settings, page_port=page.port, grpc_port=grpc_server.port, model_version=model.version
        )
        self._nodes: list[LocalNode] = []
        if gateway.local_nodes:
            start_engine = starter_of(gateway.engine)
            self._nodes = [
                LocalNode(number, gateway.ports, archive, start_engine, gateway.log_folder, self._on_node_end)
                for number in range(gateway.local_nodes)
            ]
        for node in self._nodes:
            stack.callback(node.stop)
            node.start()
        self._envoy = self._start_envoy()
        stack.callback(lambda: self._envoy.stop())

    def wait_until_ready(self, deadline: float) -> bool:
        """Wait until Envoy and all local nodes answer; False where a signal came first.

        Raises:
            GatewayError: they did not by `deadline`, in monotonic seconds.
        """
        started = time.monotonic()
        while not (self._envoy.is_ready() and all(node.is_ready() for node in self._nodes)):
            self._observer.waiting(time.monotonic() - started)
            self._next_event()
            if self._is_signalled:
                return False
            if time.monotonic() > deadline:
                raise GatewayError(f"the gateway was not ready in time; see the logs in {self._gateway.log_folder}")
        return True

    def watch(self) -> None:
        """Keep everything running until a signal comes."""
        while not self._is_signalled:
            self._turn()

    def _turn(self) -> None:
        """Do what has come up since the last turn."""
        self._next_event()
        for node in self._nodes:
            try:
                node.start_if_due()
            except (OperatorError, OSError) as error:  # its port is taken, say; the other nodes serve on
                self._observer.note(f"node {node.number}: {error}; it is tried again in {node.start_later():g} s")
        self._write_changes()
        self._limit_log()

    def _next_event(self) -> None:
        with contextlib.suppress(Empty):
            self._events.get(timeout=WATCH_INTERVAL_S)()

    def _end(self) -> None:
        self._is_signalled = True

    def _on_node_end(self, node: LocalNode) -> None:
        self._events.put(lambda: self._start_again(node))

    def _start_again(self, node: LocalNode) -> None:
        wait_s = node.start_later()
        self._observer.note(f"node {node.number} has ended unexpectedly; it is started again in {wait_s:g} s")

    def _restart_nodes(self) -> None:
        """Restart the local nodes, one after the other, none while it is asked."""
        if self._resting is not None:
            return  # they are being restarted
        for node in self._nodes:
            self._resting = node
            self._settle()
            node.stop()
            node.start()
            while not node.is_ready() and not self._is_signalled:
                self._turn()
            self._resting = None
            self._settle()
            self._observer.note(f"node {node.number} was restarted")

    def _settle(self) -> None:
        """Let Envoy read the list of nodes, and what it has sent before get under way."""
        self._write_changes()
        time.sleep(SETTLE_S)

    def _start_envoy(self) -> Envoy:
        folder = Path(tempfile.mkdtemp(prefix="digits-gw-", dir=temporary_folder()))
        log_folder = self._gateway.log_folder.resolve()
        self._configuration = Configuration(folder, log_folder, self._settings)
        self._configuration.write_start()
        self._written.clear()
        self._write_all()
        return Envoy(self._configuration, log_folder, on_end=lambda: self._events.put(self._start_envoy_again))

    def _start_envoy_again(self) -> None:
        if self._is_signalled:
            return
        self._observer.note("Envoy has ended unexpectedly; it is started again")
        try:
            self._envoy = self._start_envoy()
        except (OperatorError, OSError) as error:  # a full disk, say
            self._observer.note(f"Envoy cannot be started: {error}; it is tried again in {ENVOY_WAIT_S:g} s")
            timer = threading.Timer(ENVOY_WAIT_S, self._events.put, [self._start_envoy_again])
            timer.daemon = True
            timer.start()

    def _write_changes(self) -> None:
        """Write what has changed; what cannot be used is said once."""
        try:
            complaint = "; ".join(self._write_all())
        except (OperatorError, OSError) as error:
            complaint = str(error)
        if complaint and complaint != self._complaint:
            self._observer.note(f"not taken over: {complaint}")
        self._complaint = complaint

    def _write_all(self) -> list[str]:
        """Write what has changed, each for itself; returns what cannot be used, in whose place the last stays.

        Raises:
            OperatorError, OSError: there was none before, or it cannot be written.
        """
        gateway = self._gateway
        certificate = gateway.certificate or own_certificate(gateway.state_folder)
        complaints = []
        for name, read, write in (
            ("nodes", self._addresses, self._configuration.write_nodes),
            ("keys", gateway.key_file.read, self._configuration.write_routes),
            ("certificate", certificate.read, self._configuration.write_certificate),
        ):
            try:
                self._usable[name] = read()
            except (OperatorError, OSError) as error:
                if name not in self._usable:
                    raise
                complaints.append(str(error))
            self._write(name, write)
        return complaints

    def _write(self, name: str, write: Callable[[Any], None]) -> None:
        value = self._usable[name]
        if self._written.get(name) != value:
            write(value)
            self._written[name] = value

    def _addresses(self) -> list[Node]:
        """All nodes that may be asked."""
        gateway = self._gateway
        urls = [*gateway.node_urls, *(_lines(gateway.nodes_file) if gateway.nodes_file else ())]
        local = [node.address for node in self._nodes if node is not self._resting]
        return local + [Node.parse(url) for url in urls]

    def _limit_log(self) -> None:
        log = self._gateway.log_folder / ACCESS_LOG
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
            self._envoy.reopen_log()


def _on_signals(events: SimpleQueue[Callable[[], None]], end: Callable[[], None], restart: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asks us to survive SIGHUP
            signal.signal(number, lambda *_: events.put(end))
    signal.signal(signal.SIGUSR1, lambda *_: events.put(restart))


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file but empty ones and comments."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if stripped := line.partition("#")[0].strip():
            yield stripped


def _check_port(address: str, port: int, option: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise GatewayError(
                f"port {port} of {address} cannot be used: {reason}; choose another ({option})"
            ) from error
