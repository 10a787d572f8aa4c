"""Runs the gateway until a signal comes: Envoy, the page's server, and the nodes that are this machine's.

What ends unexpectedly is started again. Keys, certificate and list of nodes take effect when their files change, and
versions when the registry does. It tells its caller what happens through an `Observer`, and prints nothing.
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

from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from release.versions.records import Trial
from serving.followed_versions import FollowedVersions, Wanted
from serving.gateway.certificate import own_certificate
from serving.gateway.comparison import Comparison
from serving.gateway.configuration import Configuration, GatewayError, Routing
from serving.gateway.description import Gateway, Observer
from serving.gateway.envoy import Envoy
from serving.gateway.fleet import Fleet
from serving.gateway.nodes import LocalNode
from serving.gateway.open_inference_grpc import OpenInferenceServer
from serving.gateway.rollout import restart, roll_out
from serving.gateway.taking_over import Sources, TakingOver
from serving.learner_access import LearnerAccess
from serving.machine import check_open_files, temporary_folder
from serving.model_description import describe, update_files
from serving.page import OWN_ADDRESS, PageConfig
from serving.page_server import PageServer
from serving.stop_signals import on_stop_signals
from serving.supervisor import STATIC_FOLDER, check_disk, choose_versions

ACCESS_LOG = "access.log"
SETTLE_S = 0.5
ENVOY_WAIT_S = 5.0
"""Before Envoy is started once more where it cannot be."""
WATCH_INTERVAL_S = 0.3
NO_TRIALS = "a version goes on trial only where all nodes are this gateway's own, and TorchServe serves them"
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
        self._is_restart_asked = False
        self._served = self._wanted = choose_versions(gateway.archive, observer.packing, gateway.digest)
        self._trial: Trial | None = None
        self._fleet = Fleet(gateway, self._served, self._on_node_end)
        self._taking_over = TakingOver(self._sources(), observer.note)
        _on_signals(self._events, end=self._end, restart=self._ask_restart)
        model = describe(self._served.archives[0])
        self._page_files = model.files
        config = PageConfig(
            OWN_ADDRESS, MODEL_NAME, model.labels, LearnerAccess("learner") if gateway.settings.learner else None
        )
        page = PageServer(
            STATIC_FOLDER, 0, config, self._page_files, observer.note, allowed_hosts=gateway.allowed_hosts
        )
        page.start()
        stack.callback(page.stop)
        grpc_server = OpenInferenceServer(lambda: self._configuration.nodes_socket)
        stack.callback(grpc_server.stop)
        grpc_server.start()
        self._comparison = Comparison(lambda: self._configuration.nodes_socket)
        stack.callback(self._comparison.stop)
        self._comparison.start()
        self._settings = replace(
            gateway.settings, page_port=page.port, grpc_port=grpc_server.port, comparison_port=self._comparison.port
        )
        for node in self._fleet.local:
            stack.callback(node.stop)
            node.start()
        self._envoy = self._start_envoy()
        stack.callback(lambda: self._envoy.stop())
        self._versions: FollowedVersions | None = None
        if gateway.archive is None and gateway.digest is None and self._fleet.local:
            self._versions = FollowedVersions(
                gateway.url, self._served.change, self._on_change, observer.note, self._comparison.figures
            )
            stack.callback(self._versions.stop)

    def wait_until_ready(self, deadline: float) -> bool:
        """Wait until Envoy and all local nodes answer; False where a signal came first.

        Raises:
            GatewayError: they did not by `deadline`, in monotonic seconds.
        """
        started = time.monotonic()
        while not (self._envoy.is_ready() and self._fleet.is_ready()):
            self._observer.waiting(time.monotonic() - started)
            self._next_event()
            if self._is_signalled:
                return False
            if time.monotonic() > deadline:
                raise GatewayError(f"the gateway was not ready in time; see the logs in {self._gateway.log_folder}")
        return True

    def watch(self) -> None:
        """Keep everything running until a signal comes."""
        if self._versions is not None:
            self._versions.start()
        self._try_out()
        while not self._is_signalled:
            self.turn()
            if self._is_restart_asked:
                self._restart_nodes()
            if self._wanted is not self._served:
                self._roll_out(self._wanted)

    def turn(self) -> None:
        """Do what has come up since the last turn."""
        self._next_event()
        for node in self._fleet.local:
            try:
                node.start_if_due()
            except (OperatorError, OSError) as error:  # its port is taken, say; the other nodes serve on
                self._observer.note(f"node {node.number}: {error}; it is tried again in {node.start_later():g} s")
        self._taking_over.write_changes(self._configuration)
        self._limit_log()

    def is_over(self) -> bool:
        """Whether a signal has come."""
        return self._is_signalled

    @contextlib.contextmanager
    def resting(self, node: LocalNode) -> Iterator[None]:
        """Ask this node nothing for the length of a `with` block."""
        self._fleet.resting = node
        self._settle()
        yield
        self._fleet.resting = None
        self._settle()

    def _next_event(self) -> None:
        with contextlib.suppress(Empty):
            self._events.get(timeout=WATCH_INTERVAL_S)()

    def _end(self) -> None:
        self._is_signalled = True

    def _ask_restart(self) -> None:
        self._is_restart_asked = True

    def _on_change(self, wanted: Wanted) -> None:
        def want() -> None:
            self._wanted = wanted

        self._events.put(want)

    def _on_node_end(self, node: LocalNode) -> None:
        self._events.put(lambda: self._start_again(node))

    def _start_again(self, node: LocalNode) -> None:
        wait_s = node.start_later()
        self._observer.note(f"node {node.number} has ended unexpectedly; it is started again in {wait_s:g} s")

    def _restart_nodes(self) -> None:
        """Restart the local nodes, one after the other, none while it is asked."""
        for node in self._fleet.local:
            try:
                restart(node, self, self._gateway.timeout_s)
                self._observer.note(f"node {node.number} was restarted")
            except (OperatorError, OSError) as error:
                self._observer.note(f"node {node.number}: {error}")
                self._fleet.resting = None
        self._is_restart_asked = False

    def _roll_out(self, wanted: Wanted) -> None:
        """Serve what the registry wants from now on, or tell it why that cannot be."""
        assert self._versions is not None  # noqa: S101
        try:
            if wanted.trial and not self._fleet.takes_trials():
                raise GatewayError(NO_TRIALS)
            if self._trial is not None:  # the nodes may soon be without it
                self._trial = None
                self._settle()
            held = replace(wanted, archives=self._fleet.holdable(wanted))
            roll_out(held, self._fleet.local, self, self._gateway.timeout_s)
        except (OperatorError, OSError) as error:
            self._observer.note(f"version {wanted.champion} cannot be served: {error}")
            self._fleet.resting = None
            if self._wanted is wanted:
                self._wanted = self._served
            self._versions.refuse(wanted.change, str(error))
        else:
            if wanted.champion != self._served.champion:
                self._observer.note(f"version {wanted.champion} is served now")
            self._served = wanted
            update_files(self._page_files, wanted.archives[0])
            self._versions.served(wanted.change)
        self._try_out()

    def _try_out(self) -> None:
        """Let the version on trial answer its share, and compare what it reads; nothing of that where there is none."""
        served = self._served
        self._trial = served.trial
        self._comparison.compare((served.champion, served.trial.version) if served.trial else None)
        if served.trial and not self._fleet.takes_trials():
            self._observer.note(NO_TRIALS)

    def _settle(self) -> None:
        """Let Envoy read what has changed, and what it has sent before get under way."""
        self._taking_over.write_changes(self._configuration)
        time.sleep(SETTLE_S)

    def _start_envoy(self) -> Envoy:
        folder = Path(tempfile.mkdtemp(prefix="digits-gw-", dir=temporary_folder()))
        log_folder = self._gateway.log_folder.resolve()
        self._configuration = Configuration(folder, log_folder, self._settings)
        self._configuration.write_start()
        self._taking_over.write_all(self._configuration)
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

    def _sources(self) -> Sources:
        """What Envoy's files are made of while it runs."""
        gateway = self._gateway
        certificate = gateway.certificate or own_certificate(gateway.state_folder)
        return {
            "nodes": (self._fleet.asked, Configuration.write_nodes),
            "routes": (self._routing, Configuration.write_routes),
            "certificate": (certificate.read, Configuration.write_certificate),
        }

    def _routing(self) -> Routing:
        """Who may ask, and which versions answer."""
        champion = self._served.champion
        trial = self._trial if self._fleet.takes_trials() else None
        return Routing(self._gateway.key_file.read(), champion, self._fleet.loaded(champion), trial)

    def _limit_log(self) -> None:
        log = self._gateway.log_folder / ACCESS_LOG
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
            self._envoy.reopen_log()


def _on_signals(events: SimpleQueue[Callable[[], None]], end: Callable[[], None], restart: Callable[[], None]) -> None:
    on_stop_signals(lambda: events.put(end))
    signal.signal(signal.SIGUSR1, lambda *_: events.put(restart))


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
