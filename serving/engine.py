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
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import psutil

from model.artifacts import MODEL_NAME
from model.locations import ROOT
from release.archive import version_of
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
        archives: the versions to serve, under the name `MODEL_NAME` whatever the files are called; the first is asked
            where a request names none. The server gets their bytes, not the files.
        log_folder: created where missing.
        on_end: called from another thread when all processes have ended, whatever the cause.
        config: text to use instead of that of config.properties.

    Attributes:
        loaded: the versions that it has loaded, or is loading.
        default: the one that is asked where a request names none.

    Raises:
        ServeError: there is no temporary folder that will do.
        OSError: a file cannot be written, or a process cannot be started.
    """

    def __init__(
        self,
        ports: Ports,
        archives: Sequence[CheckedArchive],
        log_folder: Path,
        on_end: Callable[[], None],
        config: str | None = None,
    ) -> None:
        self.ports = ports
        self.loaded = [version_of(archive) for archive in archives]
        self.default = self.loaded[0]
        log_folder.mkdir(parents=True, exist_ok=True)
        console = log_folder.resolve() / CONSOLE_LOG
        console.write_bytes(b"")  # fails here where the folder is not writable
        self.log = RunLog(log_folder)
        self.folder = Path(tempfile.mkdtemp(prefix="digits-", dir=temporary_folder()))
        try:
            _prepare(self.folder, ports, archives, config or CONFIG_FILE.read_text(encoding="utf-8"))
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
        """Whether each version has a worker that has loaded it; /ping may say healthy while workers crash in a loop.

        Raises:
            ServeError: it runs, but without the default version; it will not try again.
        """
        status, models = self._describe()
        # Archives are unpacked before the first port opens, so a model missing by then stays missing.
        named = {model["modelVersion"] for model in models}
        if status == HTTPStatus.NOT_FOUND or (status == HTTPStatus.OK and self.default not in named):
            raise ServeError(f"the archive cannot be unpacked into {self.folder}")
        return bool(models) and all(map(_has_ready_worker, models))

    def is_busy(self) -> bool:
        """Whether requests wait, or a worker has used processor time since the last call; True at the first call.

        The management API tells how many requests wait, not whether a worker is at work.
        """
        _, models = self._describe()
        used = {}
        for worker in (worker for model in models for worker in model["workers"]):
            with contextlib.suppress(psutil.Error, ValueError):  # a worker that is being started has pid -1
                times = psutil.Process(worker["pid"]).cpu_times()
                used[worker["pid"]] = times.user + times.system
        before, self._used_s = self._used_s, used
        return used != before or any(model["jobQueueStatus"]["pendingRequests"] > 0 for model in models)

    def set_default(self, version: str) -> None:
        """Let a version that is loaded answer from now on where a request names none.

        Raises:
            ServeError: the management API refuses, or does not answer.
        """
        self._manage("PUT", f"/models/{MODEL_NAME}/{quote(version)}/set-default")
        self.default = version

    def _describe(self) -> tuple[int | None, list[dict[str, Any]]]:
        """The management API's status and description of each version; None and [] while it does not listen."""
        try:
            status, body = self._ask_management("GET", f"/models/{MODEL_NAME}/all", REQUEST_TIMEOUT_S)
        except (OSError, http.client.HTTPException):
            return None, []
        return status, json.loads(body) if status == HTTPStatus.OK else []

    def _manage(self, method: str, path: str, timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        try:
            status, body = self._ask_management(method, path, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            raise ServeError(f"the management API does not answer {method} {path}: {error!r}") from error
        if status >= HTTPStatus.BAD_REQUEST:
            raise ServeError(f"the management API answers {status} to {method} {path}: {body.decode(errors='replace')}")

    def _ask_management(self, method: str, path: str, timeout_s: float) -> tuple[int, bytes]:
        connection = self._management(timeout_s)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _management(self, timeout_s: float) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(LOOPBACK, self.ports.management, timeout=timeout_s)

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


def stored_name(archive: CheckedArchive) -> str:
    """The name in a model store of a version beside the first."""
    return f"{MODEL_NAME}-{archive.sha256[:16]}.mar"


def _has_ready_worker(model: dict[str, Any]) -> bool:
    return any(worker["status"] == "READY" for worker in model["workers"])


def _prepare(folder: Path, ports: Ports, archives: Sequence[CheckedArchive], config: str) -> None:
    """Fill a run's temporary directory."""
    model_store = folder / "model_store"
    model_store.mkdir()
    names = [ARCHIVE_NAME, *map(stored_name, archives[1:])]
    for name, archive in zip(names, archives, strict=True):
        (model_store / name).write_bytes(archive.content)
    for file in (LOG_CONFIG_FILE, METRICS_CONFIG_FILE):  # named by relative paths in the configuration
        shutil.copyfile(file, folder / file.name)
    path = folder / CONFIG_FILE.name
    path.write_text(derive_config(config, ports, model_store, names), encoding="utf-8")
