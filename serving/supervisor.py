"""Runs TorchServe and the page's server together, until a signal comes; no part outlives the others."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty, SimpleQueue

from model.artifacts import METADATA_FILE
from model.locations import RELEASED, ROOT
from release.archive import DEFAULT_ARCHIVE, build_archive, check_archive, is_stale
from serving.console import Waiting, say, show
from serving.page import PageServer
from serving.settings import MODEL_NAME, SAMPLE, Ports, ServeError, check_ports_free, find_java
from serving.torchserve import GRACE_S, KILL_TIMEOUT_S, TorchServe

STATIC_FOLDER = ROOT / "static_client"
LOG_FOLDER = ROOT / "logs"
DESCRIPTION = {"model.json": RELEASED / METADATA_FILE, "MODEL_CARD.md": RELEASED / "MODEL_CARD.md"}
"""What the page tells of the model, beside the page."""

POLL_INTERVAL_S = 0.2
DRAIN_S = 20.0
"""How long a stop waits for requests under way; those that still arrive are answered meanwhile.

The fullest batch, of eight requests for sixteen explanations each, takes some ten.
"""
DRAIN_INTERVAL_S = 0.1
"""Longer than the 10 ms in which a system counts processor time."""
MIN_FREE_BYTES = 64 * 2**20
"""Room for the unpacked archive and the logs, with some to spare."""

SIGNALLED, TORCHSERVE_ENDED, PAGE_ENDED = "signalled", "TorchServe has ended", "the page's server has ended"
Events = SimpleQueue[str]


def serve(ports: Ports, archive: Path | None, log_folder: Path, timeout_s: float, with_page: bool) -> int:
    """Runs everything until it is stopped; returns the exit status.

    Raises:
        OperatorError, OSError: it could not be started, or ended unasked; nothing is left running.
    """
    started = time.monotonic()
    check_ports_free(ports, with_page)
    java_home = find_java()
    if importlib.util.find_spec("ts") is None:
        raise ServeError(f"TorchServe is not installed for {sys.executable}; run `make serve`, which installs it")
    check_disk(log_folder)
    archive = choose_archive(archive)

    events: Events = SimpleQueue()  # its put may be called from a signal handler
    with contextlib.ExitStack() as stack:
        page = None
        if with_page:  # takes its port now, answers once there is a model to ask
            page = PageServer(STATIC_FOLDER, ports.page, ports.api_url, MODEL_NAME, DESCRIPTION)
            stack.callback(page.stop)
        catch_signals(events)
        torchserve = TorchServe(ports, archive, java_home, log_folder, on_end=lambda: events.put(TORCHSERVE_ENDED))
        stack.callback(stop, torchserve, events)
        if not wait_until_ready(torchserve, events, timeout_s):
            say("stopped before it was ready")
            return 1
        if page is not None:
            page.start(on_end=lambda: events.put(PAGE_ENDED))
        print_welcome(ports, log_folder, with_page, seconds=time.monotonic() - started)
        event = events.get()
        if event != SIGNALLED:
            show(torchserve.log.last_words() if event == TORCHSERVE_ENDED else [])
            raise ServeError(f"{event} unasked, so everything is stopped; see {log_folder}, then start again")
        say("stopping (Ctrl-C again to hurry)")
    say("stopped")
    return 0


def choose_archive(archive: Path | None) -> Path:
    """The archive to serve, checked; the default one is built first where it is missing or out of date."""
    if archive is None:
        archive = DEFAULT_ARCHIVE
        if not archive.exists() or is_stale(archive):
            say(f"building {os.path.relpath(archive, ROOT)} (missing or older than its inputs)")
            build_archive(archive)
    elif not archive.is_file():
        raise ServeError(
            f"there is no archive {archive}; `make archive` builds {os.path.relpath(DEFAULT_ARCHIVE, ROOT)}"
        )
    check_archive(archive)
    return archive


def check_disk(log_folder: Path) -> None:
    """TorchServe itself reports a full disk late, or not at all when the log is on it.

    Raises:
        ServeError: fewer than `MIN_FREE_BYTES` are free where it writes.
    """
    log_folder.mkdir(parents=True, exist_ok=True)
    for folder in (Path(tempfile.gettempdir()), log_folder):
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            raise ServeError(
                f"only {free / 2**20:.0f} MB free in {folder}, {MIN_FREE_BYTES / 2**20:.0f} MB are needed; free some, "
                "or choose another disk with TMPDIR (temporary files) or --log-dir"
            )


def catch_signals(events: Events) -> None:
    """Turns the signals that ask a program to stop into events, so that a stop is always an orderly one."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asks us to survive SIGHUP
            signal.signal(number, lambda *_: events.put(SIGNALLED))


def wait_until_ready(torchserve: TorchServe, events: Events, timeout_s: float) -> bool:
    """Waits for a READY worker, showing that time passes. False: a signal came first.

    Raises:
        ServeError: TorchServe ended, its worker cannot load the model, or `timeout_s` passed.
    """
    waiting = Waiting("waiting for a worker to load the model")
    try:
        while not torchserve.is_ready():
            waiting.show()
            event = next_event(events, POLL_INTERVAL_S)
            if event == SIGNALLED:
                return False
            reasons = torchserve.log.load_failure()
            if reasons:
                show(reasons)
                raise ServeError("the worker cannot load the model; mend the archive's inputs and run `make archive`")
            if event is not None:
                raise ServeError(f"{event} while starting; the lines above and the log tell why")
            if waiting.seconds > timeout_s:
                raise ServeError(f"no worker was ready within {timeout_s:g} s; allow more with --timeout-s")
    except ServeError as error:
        if not torchserve.log.load_failure():
            show(torchserve.log.last_words())
        raise ServeError(f"{error} (log: {torchserve.log.folder})") from error
    finally:
        waiting.end()
    return True


def next_event(events: Events, timeout_s: float) -> str | None:
    try:
        return events.get(timeout=timeout_s)
    except Empty:
        return None


def stop(torchserve: TorchServe, events: Events) -> None:
    """Ends TorchServe when it has answered what it was asked, and waits until it is gone; a signal hurries it."""
    patience = time.monotonic() + DRAIN_S
    while torchserve.is_busy() and time.monotonic() < patience:
        if next_event(events, DRAIN_INTERVAL_S) is not None:
            break
    torchserve.request_stop()
    deadline = time.monotonic() + GRACE_S + 2 * KILL_TIMEOUT_S
    while torchserve.is_running():
        if next_event(events, POLL_INTERVAL_S) == SIGNALLED:
            torchserve.request_stop()
        if time.monotonic() > deadline:
            torchserve.kill()


def print_welcome(ports: Ports, log_folder: Path, with_page: bool, seconds: float) -> None:
    endpoint = f"{ports.api_url}/predictions/{MODEL_NAME}"
    here = Path.cwd()
    sample = SAMPLE.relative_to(here) if SAMPLE.is_relative_to(here) else SAMPLE
    page = [f"Page:      {ports.page_url}"] if with_page else []
    lines = [
        f"Ready after {seconds:.1f} s.",
        *page,
        f"Endpoint:  {endpoint}",
        f"Try:       curl {endpoint} -T {shlex.quote(str(sample))}",
        f"Logs:      {log_folder}",
        "Ctrl-C stops everything.",
    ]
    print("\n".join(lines), flush=True)
