"""Starts TorchServe, tells when a worker is READY, and stops it with all it has started, however its owner ends.

`torchserve --foreground` does not pass signals on to the JVM, and nobody can run code after a SIGKILL. So a small guard
process stands between: it runs `python -m serving.torchserve` in a session of its own, holds the read end of a
pipe from the owner, and when that closes (the owner stopped, crashed or was killed) ends the JVM and the workers and
deletes the run's temporary directory. There is no other way to stop, so that this one is always the one that is tested.
"""

from __future__ import annotations

import argparse
import contextlib
import http
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import psutil

from handler.torchserve_patches import worker_start_folder
from model.locations import ROOT
from serving.settings import (
    ARCHIVE_NAME,
    CONFIG_FILE,
    LOG_CONFIG_FILE,
    LOOPBACK,
    METRICS_CONFIG_FILE,
    MODEL_NAME,
    Ports,
    ServeError,
    derive_config,
)
from serving.torchserve_log import CONSOLE_LOG, RunLog

GRACE_S = 8.0
"""How long the JVM may take to end by itself; it takes about 2.5 s."""

KILL_TIMEOUT_S = 5.0
"""How long killed processes may take to be gone."""

REQUEST_TIMEOUT_S = 2.0


class TorchServe:
    """One running TorchServe with its guard, its temporary directory and its log.

    Args:
        ports: where it listens; they must be free.
        archive: the .mar to serve, under the name `MODEL_NAME` whatever the file is called.
        java_home: see `find_java`.
        log_folder: created where missing.
        on_end: called, from another thread, when all its processes have ended, whatever the cause.
        config: text to use instead of that of config.properties.

    Raises:
        OSError: a file cannot be written or a process not be started.
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
        console.write_bytes(b"")  # this run's only; also the test whether the folder can be written
        self.log = RunLog(log_folder)
        # Short, since sockets lie in it and their paths end at 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="digits-"))
        try:
            command = _prepare(self.folder, ports, archive, config or CONFIG_FILE.read_text(encoding="utf-8"))
            self._guard = subprocess.Popen(
                [sys.executable, "-m", __name__, f"--folder={self.folder}", f"--console={console}", *command],
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
        if self._guard.wait() < 0:  # the guard itself was killed: do its last work
            end_session(self._guard.pid, self.folder)
        self._on_end()

    @property
    def pid(self) -> int:
        """Of the guard, whose descendants are all that runs."""
        return self._guard.pid

    def is_running(self) -> bool:
        """False once nothing of it is left, its temporary directory included."""
        return self._watch.is_alive()

    def is_ready(self) -> bool:
        """Whether a worker has the model loaded. TorchServe's own /ping says healthy while workers crash in a loop.

        Raises:
            ServeError: TorchServe runs, but without the model; it will not try again.
        """
        status, model = self._describe()
        # Archives are unpacked before the first port opens, so a model missing by then stays missing.
        if status == http.HTTPStatus.NOT_FOUND:
            raise ServeError(f"TorchServe cannot unpack the archive into {self.folder}")
        return any(worker["status"] == "READY" for worker in model.get("workers", ()))

    def is_busy(self) -> bool:
        """Whether requests wait, or a worker has used its core since this was last asked; True the first time.

        TorchServe tells what waits but not what its workers have in hand, and drops both when it is told to end.
        """
        _, model = self._describe()
        used = {}
        for worker in model.get("workers", ()):
            with contextlib.suppress(psutil.Error, ValueError):  # a worker that is only being started has pid -1
                times = psutil.Process(worker["pid"]).cpu_times()
                used[worker["pid"]] = times.user + times.system
        before, self._used_s = self._used_s, used
        return bool(model) and (model["jobQueueStatus"]["pendingRequests"] > 0 or used != before)

    def _describe(self) -> tuple[int | None, dict[str, Any]]:
        """What the management API says of the model, with the HTTP status; None and {} while it does not listen."""
        connection = http.client.HTTPConnection(LOOPBACK, self.ports.management, timeout=REQUEST_TIMEOUT_S)
        try:
            connection.request("GET", f"/models/{MODEL_NAME}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None, {}
        finally:
            connection.close()
        return response.status, json.loads(body)[0] if response.status == http.HTTPStatus.OK else {}

    def request_stop(self) -> None:
        """Asks the guard to end everything; called again, to do so at once."""
        if self._guard.stdin and not self._guard.stdin.closed:
            self._guard.stdin.close()
        else:
            self._guard.terminate()

    def kill(self) -> None:
        """The last resort, should the guard hang."""
        self._guard.kill()
        self._watch.join()


def _prepare(folder: Path, ports: Ports, archive: Path, config: str) -> list[str]:
    """Fills a run's temporary directory; returns the command that starts TorchServe in it."""
    model_store = folder / "model_store"
    model_store.mkdir()
    (model_store / ARCHIVE_NAME).symlink_to(archive.resolve())
    for file in (LOG_CONFIG_FILE, METRICS_CONFIG_FILE):  # named by relative paths in the configuration
        shutil.copyfile(file, folder / file.name)
    path = folder / CONFIG_FILE.name
    path.write_text(derive_config(config, ports, model_store), encoding="utf-8")
    return [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs", "--ts-config", str(path)]


def _environment(folder: Path, java_home: Path | None, log_folder: Path) -> dict[str, str]:
    """This process's environment, less what would override the configuration, with the run's own folders."""
    overriding = {"TS_CONFIG_FILE", "TS_MODEL_SERVER_HOME", "JAVA_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in overriding}
    # TEMP is the JVM's (worker sockets, unpacked archive), TMPDIR is Python's (pid file).
    environment |= {"TEMP": str(folder), "TMPDIR": str(folder)}
    environment |= {"LOG_LOCATION": str(log_folder), "METRICS_LOCATION": str(log_folder)}
    if start := worker_start_folder():
        others = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(start), *others])
    if java_home is not None:
        environment["JAVA_HOME"] = str(java_home)
    return environment


def end_session(session: int, folder: Path, spare: int | None = None) -> None:
    """Kills every process of a session, but `spare`, and deletes the run's temporary directory."""
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while members := [process for process in _session_members(session) if process.pid != spare]:
        for process in members:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(members, timeout=0.1)
        if time.monotonic() > deadline:
            break
    shutil.rmtree(folder, ignore_errors=True)


def _session_members(session: int) -> Iterable[psutil.Process]:
    for process in psutil.process_iter():
        # A zombie is dead already; only its parent can bury it.
        with contextlib.suppress(OSError, psutil.Error):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def _terminate_jvm(launcher: subprocess.Popen[bytes]) -> None:
    """Asks the JVM, the launcher's only child, to end; the launcher, which waits for it, then ends too."""
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(launcher.pid)
        for process in parent.children() or [parent]:
            process.terminate()


def guard(folder: Path, console: Path, command: list[str]) -> int:
    """Runs the command until it ends, or standard input closes, or a signal comes; then ends all and cleans up."""
    events: SimpleQueue[str] = SimpleQueue()  # its put may be called from a signal handler
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: events.put("stop"))

    def watch_owner() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        events.put("stop")

    def watch_launcher() -> None:
        launcher.wait()
        events.put("ended")

    try:
        with console.open("ab") as output:
            launcher = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        Thread(target=watch_owner, daemon=True).start()
        Thread(target=watch_launcher, daemon=True).start()
        if events.get() == "ended":
            return 1
        _terminate_jvm(launcher)
        with contextlib.suppress(Empty):  # its end, or a second stop: no more patience
            events.get(timeout=GRACE_S)
        return 0
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        end_session(os.getpid(), folder, spare=os.getpid())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The guard of one TorchServe; scripts/serve.py starts it.")
    parser.add_argument("--folder", type=Path, required=True, help="temporary directory, deleted at the end")
    parser.add_argument("--console", type=Path, required=True, help="file for what the command prints")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="command that starts TorchServe in the foreground")
    options = parser.parse_args(arguments)
    return guard(options.folder, options.console, options.command)


if __name__ == "__main__":
    sys.exit(main())
