"""Starts TorchServe under its guard (torchserve_guard.py), tells whether a worker is ready or busy, and stops it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import psutil

from handler.torchserve_patches import prepare_start, with_fork_server, worker_start_folder
from model.artifacts import MODEL_NAME
from model.locations import ROOT
from serving.machine import temporary_folder, utf8_locale
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
from serving.torchserve_log import CONSOLE_LOG, JAVA_CRASH_LOG, RunLog

REQUEST_TIMEOUT_S = 2.0
"""How long the management API may take to answer."""


class TorchServe:
    """One running TorchServe with its guard, its temporary directory and its log.

    Args:
        ports: where it listens; they must be free.
        archive: the .mar to serve, under the name `MODEL_NAME` whatever the file is called.
        java_home: see `find_java`.
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
        archive: Path,
        java_home: Path | None,
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
            command = _prepare(self.folder, ports, archive, config or CONFIG_FILE.read_text(encoding="utf-8"))
            self._guard = subprocess.Popen(
                [sys.executable, "-m", "serving.torchserve_guard", str(self.folder), str(console), *command],
                cwd=ROOT,
                env=_environment(self.folder, java_home, log_folder.resolve()),
                stdin=subprocess.PIPE,
                start_new_session=True,  # a terminal's Ctrl-C reaches the owner only
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._used_s: dict[int, float] | None = None
        self._on_end = on_end
        self._watch = Thread(target=self._watch_guard, name="torchserve", daemon=True)
        self._watch.start()

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
        """Whether a worker has loaded the model; TorchServe's /ping says healthy while workers crash in a loop.

        Raises:
            ServeError: TorchServe runs, but without the model; it will not try again.
        """
        status, model = self._describe()
        # Archives are unpacked before the first port opens, so a model missing by then stays missing.
        if status == HTTPStatus.NOT_FOUND:
            raise ServeError(f"TorchServe cannot unpack the archive into {self.folder}")
        return any(worker["status"] == "READY" for worker in model.get("workers", ()))

    def is_busy(self) -> bool:
        """Whether requests wait, or a worker has used processor time since the last call; True at the first call.

        TorchServe tells how many requests wait, but not whether a worker is at work. It drops both when it ends.
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


def _prepare(folder: Path, ports: Ports, archive: Path, config: str) -> list[str]:
    """Fill a run's temporary directory; returns the command that starts TorchServe in it."""
    model_store = folder / "model_store"
    model_store.mkdir()
    (model_store / ARCHIVE_NAME).symlink_to(archive.resolve())
    prepare_start(folder)
    for file in (LOG_CONFIG_FILE, METRICS_CONFIG_FILE):  # named by relative paths in the configuration
        shutil.copyfile(file, folder / file.name)
    path = folder / CONFIG_FILE.name
    path.write_text(derive_config(config, ports, model_store), encoding="utf-8")
    start = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs", "--ts-config", str(path)]
    return with_fork_server(start, folder)


def _environment(folder: Path, java_home: Path | None, log_folder: Path) -> dict[str, str]:
    """This process's environment with the run's folders, and without what would override the configuration."""
    overriding = {"TS_CONFIG_FILE", "TS_MODEL_SERVER_HOME", "JAVA_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in overriding}
    # TEMP is the JVM's (worker sockets, unpacked archive), TMPDIR is Python's (pid file).
    environment |= {"TEMP": str(folder), "TMPDIR": str(folder)}
    environment |= {"LOG_LOCATION": str(log_folder), "METRICS_LOCATION": str(log_folder)}
    environment |= utf8_locale()
    # Not in vmargs, which TorchServe splits at blanks.
    crash_log = f'"-XX:ErrorFile={log_folder / JAVA_CRASH_LOG}"'
    environment["JDK_JAVA_OPTIONS"] = " ".join(filter(None, [environment.get("JDK_JAVA_OPTIONS"), crash_log]))
    if start := worker_start_folder():
        others = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(start), *others])
    if java_home is not None:
        environment["JAVA_HOME"] = str(java_home)
    return environment
