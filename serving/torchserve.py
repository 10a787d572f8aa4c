"""TorchServe as an engine: its folder, its command and its environment."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from handler.torchserve_patches import prepare_start, with_fork_server, worker_start_folder
from model.artifacts import MODEL_NAME
from release.archive import version_of
from release.archive_digest import CheckedArchive
from serving.engine import Engine, stored_name
from serving.machine import utf8_locale
from serving.settings import CONFIG_FILE, Ports, ServeError
from serving.torchserve_log import JAVA_CRASH_LOG, RunLog
from serving.unix_http import UnixConnection

LOAD_TIMEOUT_S = 60.0
"""How long the workers of one more version may take to load it."""

LOAD_INTERVAL_S = 0.1


class TorchServe(Engine):
    """One running TorchServe; see `Engine`.

    Args:
        java_home: see `find_java`.
    """

    def __init__(
        self,
        ports: Ports,
        archives: Sequence[CheckedArchive],
        java_home: Path | None,
        log_folder: Path,
        on_end: Callable[[], None],
        config: str | None = None,
    ) -> None:
        self._java_home = java_home
        super().__init__(ports, archives, log_folder, on_end, config)

    def _command(self) -> list[str]:
        prepare_start(self.folder)
        config = str(self.folder / CONFIG_FILE.name)
        start = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs", "--ts-config", config]
        return with_fork_server(start, self.folder)

    def _environment(self) -> dict[str, str]:
        return _environment(self.folder, self._java_home, self.log.folder.resolve())


class ManagedTorchServe(TorchServe):
    """A TorchServe whose versions change while it runs.

    Its management API listens at a Unix socket in the run's folder, which this user alone may enter, and takes models.
    """

    @property
    def management_socket(self) -> Path:
        """Where its management API listens."""
        return self.folder / "management.sock"

    def _command(self) -> list[str]:
        file = self.folder / CONFIG_FILE.name
        text = re.sub(r"(?m)^(management_address|enable_model_api)\s*=.*$", "", file.read_text(encoding="utf-8"))
        own = f"management_address=unix:{self.management_socket}\nenable_model_api=true\n"
        file.write_text(f"{text}\n{own}", encoding="utf-8")
        return super()._command()

    def _management(self, timeout_s: float) -> http.client.HTTPConnection:
        return UnixConnection(self.management_socket, timeout_s)

    def load(self, archive: CheckedArchive) -> None:
        """Load one more version; it returns once all its workers have.

        Raises:
            ServeError: they cannot; TorchServe is as it was.
            OSError: the archive cannot be written.
        """
        version = version_of(archive)
        name = stored_name(archive)
        (self.folder / "model_store" / name).write_bytes(archive.content)
        log = RunLog(self.log.folder)
        try:
            self._manage("POST", f"/models?url={name}&model_name={MODEL_NAME}", LOAD_TIMEOUT_S)
            self.loaded.append(version)
            self._wait_until_loaded(version)
        except ServeError as error:
            with contextlib.suppress(ServeError):  # it may not have come that far
                self.unload(version)
            if lines := log.load_failure():
                raise ServeError(f"version {version} cannot be loaded: {lines[-1]}", lines) from error
            raise

    def unload(self, version: str) -> None:
        """End a version that is not the default one.

        Raises:
            ServeError: TorchServe refuses, or does not answer.
        """
        if version in self.loaded:
            self.loaded.remove(version)
        self._manage("DELETE", f"/models/{MODEL_NAME}/{quote(version)}", LOAD_TIMEOUT_S)

    def _wait_until_loaded(self, version: str) -> None:
        deadline = time.monotonic() + LOAD_TIMEOUT_S
        while True:
            _, models = self._describe()
            workers = [worker for model in models if model["modelVersion"] == version for worker in model["workers"]]
            if workers and all(worker["status"] == "READY" for worker in workers):
                return
            if time.monotonic() > deadline:
                raise ServeError(f"version {version} was not loaded within {LOAD_TIMEOUT_S:g} s")
            time.sleep(LOAD_INTERVAL_S)


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
