"""The servers that are measured, by name: how each is started, and how it is ended with all that it started."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import psutil

from benchmarks.peers.reading import FUSED
from benchmarks.torchserve import WITHOUT_METRICS, TorchServeVariant, parse_settings
from model.errors import OperatorError
from model.locations import ROOT
from serving.settings import LOOPBACK, Ports

STOP_TIMEOUT_S = 10.0
SHOWN_LINES = 12  # of a failed server's log, the last ones
BIN = Path(sys.executable).parent


class Kind(Protocol):
    """A way to run a server."""

    def running(self, ports: Ports, folder: Path) -> AbstractContextManager[int]:
        """Serve until the block ends; gives the process id that all its processes descend from."""


@dataclass(frozen=True)
class PythonServer:
    """A Python server: `{port}` and `{folder}` stand for its own in the command, `variables` join the environment."""

    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, ports: Ports, folder: Path) -> Iterator[int]:
        """Serve until the block ends; not yet ready where it begins."""
        command = [part.format(port=ports.inference, folder=folder) for part in self.command]
        log = folder / "log.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process.pid
        except OperatorError as error:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN_LINES:]
            raise OperatorError("\n  ".join([str(error), *lines])) from error
        finally:
            _end(process)


@dataclass(frozen=True)
class Server:
    """One server of a measurement.

    Attributes:
        name: as on the command line.
        title: as in the table.
        kind: how it runs.
        reads: false where it does not read the picture.
    """

    name: str
    title: str
    kind: Kind
    reads: bool = True

    @contextmanager
    def running(self, ports: Ports) -> Iterator[psutil.Process]:
        """Serve until the block ends; gives the process that all others of this server descend from."""
        # Logs and archives of one start.
        with (
            tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
            self.kind.running(ports, Path(folder)) as pid,
        ):
            yield psutil.Process(pid)


UVICORN = [f"{BIN}/uvicorn", "benchmarks.peers.fastapi_app:app", f"--host={LOOPBACK}", "--port={port}", "--workers=2"]
UVICORN += ["--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"]
# Threads of one process take turns at the interpreter's lock; gunicorn's other workers close each connection.
GUNICORN = [f"{BIN}/gunicorn", "benchmarks.peers.flask_app:app", f"--bind={LOOPBACK}:{{port}}", "--workers=2"]
GUNICORN += ["--worker-class=gthread", "--threads=4", "--log-level=warning"]
STARLETTE = [sys.executable, "scripts/serve.py", "--engine=starlette", "--no-page", "--port={port}"]
STARLETTE += ["--log-dir={folder}"]
LITSERVE = [sys.executable, "-m", "benchmarks.peers.litserve_app", "--port={port}"]

SERVERS = {
    server.name: server
    for server in (
        Server("ours", "ours", TorchServeVariant()),
        Server("starlette", "ours, on Starlette", PythonServer(STARLETTE)),
        Server("unmetered", "ours without metrics", TorchServeVariant(settings=WITHOUT_METRICS)),
        Server("default", "TorchServe, default settings", TorchServeVariant(is_default=True)),
        Server("noop", "no-op handler, our settings", TorchServeVariant(is_noop=True), reads=False),
        Server("fastapi", "FastAPI, uvicorn", PythonServer(UVICORN)),
        Server("fused", "FastAPI, network run as ours", PythonServer(UVICORN, {FUSED: "1"})),
        Server("flask", "Flask, gunicorn", PythonServer(GUNICORN)),
        Server("litserve", "LitServe", PythonServer(LITSERVE)),
    )
}
PEERS = ("fastapi", "flask", "litserve")  # not `fused`, which shows what our way of running the network gains


def choose(name: str) -> Server:
    """A server by name, or `NAME:SETTING=VALUE,...`: one of the TorchServes with some of its settings changed.

    Raises:
        OperatorError: there is no such server or setting.
    """
    known, _, settings = name.partition(":")
    server = SERVERS.get(known)
    if server is None:
        raise OperatorError(f"there is no server {known!r}; accepted are {', '.join(SERVERS)}")
    if not settings:
        return server
    if not isinstance(server.kind, TorchServeVariant) or server.kind.is_default:
        raise OperatorError(f"{known} takes no settings; ours, unmetered and noop do")
    kind = replace(server.kind, settings={**server.kind.settings, **parse_settings(settings)})
    return replace(server, name=name, title=f"{server.title}, {settings.replace(',', ', ')}", kind=kind)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to end, then kill what is left of it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
        for one in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(alive, timeout=STOP_TIMEOUT_S)
    process.wait()
