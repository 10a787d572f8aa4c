"""TorchServe as an engine: its folder, its command and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from handler.torchserve_patches import prepare_start, with_fork_server, worker_start_folder
from release.archive_digest import CheckedArchive
from serving.engine import Engine
from serving.machine import utf8_locale
from serving.settings import CONFIG_FILE, Ports
from serving.torchserve_log import JAVA_CRASH_LOG


class TorchServe(Engine):
    """One running TorchServe; see `Engine`.

    Args:
        java_home: see `find_java`.
    """

    def __init__(
        self,
        ports: Ports,
        archive: CheckedArchive,
        java_home: Path | None,
        log_folder: Path,
        on_end: Callable[[], None],
        config: str | None = None,
    ) -> None:
        self._java_home = java_home
        super().__init__(ports, archive, log_folder, on_end, config)

    def _command(self) -> list[str]:
        prepare_start(self.folder)
        config = str(self.folder / CONFIG_FILE.name)
        start = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs", "--ts-config", config]
        return with_fork_server(start, self.folder)

    def _environment(self) -> dict[str, str]:
        return _environment(self.folder, self._java_home, self.log.folder.resolve())


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
