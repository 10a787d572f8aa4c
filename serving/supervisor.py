"""Runs an engine and the page's server together until a signal comes; no part outlives the others.

It tells its caller what happens through an `Observer`, and prints nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from model.locations import ROOT
from release.archive import DEFAULT_ARCHIVE, build_archive, is_stale, load_archive
from release.archive_digest import CheckedArchive
from serving.engine import Engine
from serving.engines import TORCHSERVE, starter_of
from serving.followed_versions import Wanted, first_wanted
from serving.learner_access import LearnerAccess
from serving.live_versions import LiveVersions
from serving.machine import check_open_files, exceeded_limit, is_out_of_files, temporary_folder
from serving.management_view import ManagementView
from serving.model_description import describe, update_files
from serving.page_server import page_of
from serving.settings import Ports, ServeError, check_ports_free, read_config
from serving.stop_signals import on_stop_signals
from serving.torchserve import ManagedTorchServe
from serving.torchserve_guard import GRACE_S, KILL_TIMEOUT_S

STATIC_FOLDER = ROOT / "static_client"
LOG_FOLDER = ROOT / "logs"

POLL_INTERVAL_S = 0.2
DRAIN_TIMEOUT_S = 20.0
"""How long a stop waits for requests under way; requests that arrive meanwhile are answered.

The fullest batch, eight requests for sixteen explanations each, takes about 10 s.
"""
DRAIN_INTERVAL_S = 0.1
"""Longer than the 10 ms in which a system counts processor time."""
MIN_FREE_BYTES = 64 * 2**20
"""Room for the unpacked archive and the logs."""


class Event(Enum):
    """What ends a wait of the supervisor; the value is its subject in messages."""

    SIGNALLED = "a signal"
    ENGINE_ENDED = "the server has ended"
    PAGE_ENDED = "the page's server has ended"


Events = SimpleQueue[Event]
"""Its `put` may be called from a signal handler."""


class Observer(Protocol):
    """What the supervisor reports while it serves."""

    def packing(self, archive: Path) -> None:
        """The default archive is missing or out of date; it is packed now."""

    def waiting(self, seconds: float) -> None:
        """No worker is ready yet, after so many seconds; called several times a second."""

    def ready(self, seconds: float) -> None:
        """Predictions and the page are served, so many seconds after the start."""

    def stopping(self) -> None:
        """A signal came; requests under way are finished first."""

    def page_failed(self, message: str) -> None:
        """The page's server could not answer a request; called from its thread."""

    def note(self, message: str) -> None:
        """Something happened that an operator wants to know; called from a thread."""


@dataclass(frozen=True)
class Service:
    """What is to be served, and how.

    Attributes:
        ports: where the engine and the page listen.
        log_folder: created where missing.
        archive: the .mar to serve; None for the default one, which is packed where it is missing or out of date.
        timeout_s: how long a worker may take to load the model.
        with_page: whether the page is served too.
        allowed_hosts: further names that the page is served under; see `serving.hosts`.
        allowed_endpoints: origins of other recognisers that the page's visitors may name with `?endpoint=`.
        digest: `sha256:HEX` of the archive; None for what the file beside it says.
        engine: what serves the archive, one of `serving.engines.ENGINES`.
        settings: a file of TorchServe's settings that take the place of those of config.properties.
        follows_versions: whether what the registry of versions wants is served from the moment it wants it.
        learner: what learns from the page's visitors.
    """

    ports: Ports
    log_folder: Path
    archive: Path | None
    timeout_s: float
    with_page: bool
    allowed_hosts: Sequence[str] = ()
    allowed_endpoints: Sequence[str] = ()
    digest: str | None = None
    engine: str = TORCHSERVE
    settings: Path | None = None
    follows_versions: bool = False
    learner: LearnerAccess | None = None


def serve(service: Service, observer: Observer) -> bool:
    """Run everything until a signal comes; returns whether a worker was ready before it came.

    Raises:
        OperatorError, OSError: it could not be started, or a part ended by itself; nothing is left running.
    """
    started = time.monotonic()
    ports, log_folder = service.ports, service.log_folder
    check_ports_free(ports, service.with_page)
    start_engine = starter_of(service.engine, service.follows_versions)
    check_open_files()
    check_disk(log_folder)
    wanted = choose_versions(service.archive, observer.packing, service.digest)
    config = read_config(service.settings)

    events: Events = SimpleQueue()
    with contextlib.ExitStack() as stack:
        page = None
        model = describe(wanted.archives[0])
        if service.with_page:  # takes its port now, answers once there is a model to ask
            names, endpoints = service.allowed_hosts, service.allowed_endpoints
            page = page_of(model, STATIC_FOLDER, ports, names, endpoints, observer.page_failed, service.learner)
            stack.callback(page.stop)
        on_stop_signals(lambda: events.put(Event.SIGNALLED))
        archives = wanted.archives if service.follows_versions else wanted.archives[:1]
        engine = start_engine(ports, archives, log_folder, lambda: events.put(Event.ENGINE_ENDED), config)
        stack.callback(stop, engine, events)
        is_ready = wait_until_ready(engine, events, service.timeout_s, observer.waiting)
        if is_ready:
            if page is not None:
                page.start(on_end=lambda: events.put(Event.PAGE_ENDED))
            if isinstance(engine, ManagedTorchServe):
                view = ManagementView(ports.management, engine.management_socket)
                stack.callback(view.stop)
                versions = LiveVersions(
                    engine,
                    ports.api_url,
                    wanted,
                    on_champion=lambda wanted: update_files(model.files, wanted.archives[0]),
                    note=observer.note,
                )
                stack.callback(versions.stop)
            observer.ready(time.monotonic() - started)
            check_signalled(events.get(), engine)
        observer.stopping()
    return is_ready


def choose_versions(archive: Path | None, on_packing: Callable[[Path], None], digest: str | None) -> Wanted:
    """What to serve first: the registry's champion, its way back and its version on trial; else one archive.

    Args, Raises: see `choose_archive`; the registry counts where no archive is named.
    """
    registered = first_wanted() if archive is None and digest is None else None
    return registered or Wanted(0, (choose_archive(archive, on_packing, digest),))


def choose_archive(
    archive: Path | None, on_packing: Callable[[Path], None] = lambda archive: None, digest: str | None = None
) -> CheckedArchive:
    """The archive to serve, checked.

    Args:
        archive: None for the default one, which is packed first where it is missing or out of date.
        on_packing: called with the default archive before it is packed.
        digest: `sha256:HEX`, which it must have; None for what the file beside it says.

    Raises:
        ServeError: there is no such file.
        ArtifactError: it has another digest or none to check it by, is broken, or cannot be packed.
        OSError: the default one cannot be written.
    """
    if archive is None:
        archive = DEFAULT_ARCHIVE
        if is_stale(archive):
            on_packing(archive)
            build_archive(archive)
    elif not archive.is_file():
        raise ServeError(
            f"there is no archive {archive}; `make archive` builds {os.path.relpath(DEFAULT_ARCHIVE, ROOT)}"
        )
    return load_archive(archive, digest)


def check_disk(log_folder: Path) -> None:
    """Check the free space where the engine writes; TorchServe reports a full disk late, or not at all.

    Raises:
        ServeError: fewer than `MIN_FREE_BYTES` are free.
        OSError: the folder cannot be created.
    """
    log_folder.mkdir(parents=True, exist_ok=True)
    for folder in (temporary_folder(), Path(tempfile.gettempdir()), log_folder):
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            raise ServeError(
                f"only {free / 2**20:.0f} MB free in {folder}, {MIN_FREE_BYTES / 2**20:.0f} MB are needed; free some, "
                "or choose another disk with TMPDIR (temporary files) or --log-dir"
            )


def wait_until_ready(engine: Engine, events: Events, timeout_s: float, on_wait: Callable[[float], None]) -> bool:
    """Wait for a READY worker.

    Args:
        engine: just started.
        events: a signal ends the wait, and so does the end of the engine.
        timeout_s: how long to wait.
        on_wait: called with the seconds waited, several times a second.

    Returns:
        False where a signal came first.

    Raises:
        ServeError: the engine ended, its worker cannot load the model, a system's limit was met, or the time is up.
    """
    started = time.monotonic()
    try:
        while not engine.is_ready():
            seconds = time.monotonic() - started
            on_wait(seconds)
            event = next_event(events, POLL_INTERVAL_S)
            if event is Event.SIGNALLED:
                return False
            if is_out_of_files(engine.log.all_lines()):
                raise ServeError("the server cannot open more files")
            if engine.log.load_failure():
                raise ServeError("the worker cannot load the model; fix the archive's inputs and run `make archive`")
            if event is not None:
                raise ServeError(f"{event.value} while starting; the lines above and the log tell why")
            if seconds > timeout_s:
                raise ServeError(f"no worker was ready within {timeout_s:g} s; allow more with --timeout-s")
    except ServeError as error:
        lines = engine.log.load_failure() or engine.log.last_lines()
        reason = exceeded_limit(engine.log.all_lines()) or error
        raise ServeError(f"{reason} (log: {engine.log.folder})", lines) from error
    return True


def check_signalled(event: Event, engine: Engine) -> None:
    """Make sure that a signal ended the service.

    Raises:
        ServeError: one of the parts ended by itself.
    """
    if event is not Event.SIGNALLED:
        lines = engine.log.last_lines() if event is Event.ENGINE_ENDED else []
        folder = engine.log.folder
        raise ServeError(f"{event.value} unexpectedly, so everything is stopped; see {folder}, then start again", lines)


def next_event(events: Events, timeout_s: float) -> Event | None:
    """The next event, or None where none comes in time."""
    try:
        return events.get(timeout=timeout_s)
    except Empty:
        return None


def stop(engine: Engine, events: Events) -> None:
    """End the engine once it has answered the requests under way, and wait until it is gone; an event hurries it."""
    drained_by = time.monotonic() + DRAIN_TIMEOUT_S
    while engine.is_busy() and time.monotonic() < drained_by:
        if next_event(events, DRAIN_INTERVAL_S) is not None:
            break
    engine.request_stop()
    ended_by = time.monotonic() + GRACE_S + 2 * KILL_TIMEOUT_S
    while engine.is_running():
        if next_event(events, POLL_INTERVAL_S) is Event.SIGNALLED:
            engine.request_stop()
        if time.monotonic() > ended_by:
            engine.kill()
