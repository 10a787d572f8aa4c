"""A server of an archive, as processes under a guard (torchserve_guard.py): started, asked for its state, stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from release.archive_digest import CheckedArchive
from serving.machine import temporary_folder
from serving.settings import (
    ARCHIVE_NAME,
    CONFIG_FILE,
    LOG_CONFIG_FILE,
    LOOPBACK,
    METRICS_CONFIG_FILE,
    Ports,
    ServeError,
    derive_config,
)
from serving.torchserve_guard import end_session
from serving.torchserve_log import CONSOLE_LOG, RunLog

REQUEST_TIMEOUT_S = 2.0
"""How long the management API may take to answer."""


class Engine(ABC):
    """One running server with its guard, its temporary directory and its log.

    Args:
        ports: where it listens; they must be free.
        archive: the .mar to serve, under the name `MODEL_NAME` whatever the file is called; the server gets its bytes,
            not the file.
        log_folder: created where missing.
        on_end: called from another thread when all processes have ended, whatever the cause.
        config: text to use instead of that of config.properties.

    Raises:
        ServeError: there is no temporary folder that will do.
        OSError: a file cannot be written, or a process cannot be started.
    """

    def __init__(
        self,
        ports: Ports,
        archive: CheckedArchive,
        log_folder: Path,
        on_end: Callable[[], None],
        config: str | None = None,
    ) -> None:
        self.ports = ports
        log_folder.mkdir(parents=True, exist_ok=True)
        console = log_folder.resolve() / CONSOLE_LOG
        console.write_bytes(b"")  # fails here where the folder is not writable
        self.log = RunLog(log_folder)
        self.folder = Path(tempfile.mkdtemp(prefix="digits-", dir=temporary_folder()))
        try:
            _prepare(self.folder, ports, archive, config or CONFIG_FILE.read_text(encoding="utf-8"))
            command = self._command()
            self._guard = subprocess.Popen(
                [sys.executable, "-m", "serving.torchserve_guard", str(self.folder), str(console), *command],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.PIPE,
                start_new_session=True,  # a terminal's Ctrl-C reaches the owner only
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._used_s: dict[int, float] | None = None
        self._on_end = on_end
        self._watch = Thread(target=self._watch_guard, name="engine", daemon=True)
        self._watch.start()

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that serves what the temporary directory holds; it is run there."""

    @abstractmethod
    def _environment(self) -> dict[str, str]:
        """The command's environment."""

    def _watch_guard(self) -> None:
        if self._guard.wait() < 0:  # the guard was killed: end what it would have ended
            end_session(self._guard.pid, self.folder)
        self._on_end()

    @property
    def pid(self) -> int:
        """The guard's process id; all other processes descend from it."""
        return self._guard.pid

    def is_running(self) -> bool:
        """False once all processes have ended and the temporary directory is deleted."""
        return self._watch.is_alive()

    def is_ready(self) -> bool:
        """Whether a worker has loaded the model; /ping may say healthy while workers crash in a loop.

        Raises:
            ServeError: it runs, but without the model; it will not try again.
        """
        status, model = self._describe()
        # Archives are unpacked before the first port opens, so a model missing by then stays missing.
        if status == HTTPStatus.NOT_FOUND:
            raise ServeError(f"the archive cannot be unpacked into {self.folder}")
        return any(worker["status"] == "READY" for worker in model.get("workers", ()))

    def is_busy(self) -> bool:
        """Whether requests wait, or a worker has used processor time since the last call; True at the first call.

        The management API tells how many requests wait, not whether a worker is at work.
        """
        _, model = self._describe()
        used = {}
        for worker in model.get("workers", ()):
            with contextlib.suppress(psutil.Error, ValueError):  # a worker that is being started has pid -1
                times = psutil.Process(worker["pid"]).cpu_times()
                used[worker["pid"]] = times.user + times.system
        before, self._used_s = self._used_s, used
        return bool(model) and (model["jobQueueStatus"]["pendingRequests"] > 0 or used != before)

    def _describe(self) -> tuple[int | None, dict[str, Any]]:
        """The management API's status and description of the model; None and {} while it does not listen."""
        connection = http.client.HTTPConnection(LOOPBACK, self.ports.management, timeout=REQUEST_TIMEOUT_S)
        try:
            connection.request("GET", f"/models/{MODEL_NAME}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None, {}
        finally:
            connection.close()
        return response.status, json.loads(body)[0] if response.status == HTTPStatus.OK else {}

    def request_stop(self) -> None:
        """Ask the guard to end everything; a second call asks it to kill what is left."""
        if self._guard.stdin and not self._guard.stdin.closed:
            self._guard.stdin.close()
        else:
            self._guard.terminate()

    def kill(self) -> None:
        """Kill everything at once, for a guard that hangs."""
        self._guard.kill()
        self._watch.join()


def _prepare(folder: Path, ports: Ports, archive: CheckedArchive, config: str) -> None:
    """Fill a run's temporary directory."""
    model_store = folder / "model_store"
    model_store.mkdir()
    (model_store / ARCHIVE_NAME).write_bytes(archive.content)
    for file in (LOG_CONFIG_FILE, METRICS_CONFIG_FILE):  # named by relative paths in the configuration
        shutil.copyfile(file, folder / file.name)
    path = folder / CONFIG_FILE.name
    path.write_text(derive_config(config, ports, model_store), encoding="utf-8")
