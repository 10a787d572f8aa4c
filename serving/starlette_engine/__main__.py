"""Serves a run's folder until SIGTERM: `python -m serving.starlette_engine FOLDER LOG_FOLDER`, under the guard.

The folder has config.properties with this run's addresses, the metrics file that it names, and the model store.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from serving.settings import ARCHIVE_NAME, CONFIG_FILE, METRICS_CONFIG_FILE, PORT_KEYS, read_properties
from serving.starlette_engine import worker
from serving.starlette_engine.archive import unpack
from serving.starlette_engine.log import LogFiles
from serving.starlette_engine.metrics import Registry
from serving.starlette_engine.routes import Inference, Management, metrics_application
from serving.starlette_engine.workers import Workers
from serving.uvicorn_settings import configuration, listen

BACKLOG = 512
KEEP_ALIVE_S = 75
"""How long a connection may stay open between two requests: longer than a gateway's, which then never meets its end."""

STOP_TIMEOUT_S = 6
"""How long a stop waits for answers under way; the guard allows eight seconds in all."""


def main(folder: Path, log_folder: Path) -> int:
    """Serve until a signal comes; returns the exit status."""
    with closing(LogFiles(log_folder)) as log:
        try:
            return asyncio.run(_serve(folder, log))
        except OperatorError as error:
            log.server.error("%s", error)
        except Exception:
            log.load_failure(traceback.format_exc())
    return 1


async def _serve(folder: Path, log: LogFiles) -> int:
    properties = read_properties(folder / CONFIG_FILE.name)
    served = unpack(folder / "model_store" / ARCHIVE_NAME, folder / "model")
    metrics = Registry(folder / METRICS_CONFIG_FILE.name, MODEL_NAME, served.version)
    workers = Workers(served, metrics, log)
    address = folder / "workers.sock"
    await workers.listen(address)
    arguments = (served.folder, address, MODEL_NAME, served.version, served.workers)
    template = await asyncio.create_subprocess_exec(sys.executable, "-P", worker.__file__, *map(str, arguments))
    applications: dict[str, ASGIApp] = {
        "inference": Inference(served, workers, metrics, properties).application(),
        "management": Management(served, workers).application(),
        "metrics": metrics_application(metrics),
    }
    by_port: dict[int, ASGIApp] = {}
    listening = []
    for name, application in applications.items():
        parts = urlsplit(properties[PORT_KEYS[name]])
        listening.append(listen(parts.hostname or "", parts.port or 0, BACKLOG))
        by_port[parts.port or 0] = application
    server = _Server(configuration(_by_port(by_port), "httptools", BACKLOG, KEEP_ALIVE_S, STOP_TIMEOUT_S))
    serving = asyncio.create_task(server.serve(listening))
    ended = asyncio.create_task(template.wait())
    await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
    if has_failed := ended.done():
        log.server.error("Backend worker process died")
        server.should_exit = True
        await serving
    else:
        template.kill()
        workers.kill_all()
    return int(has_failed)


def _by_port(applications: dict[int, ASGIApp]) -> ASGIApp:
    """One application that leaves a request to that of the port it came to."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await applications[scope["server"][1]](scope, receive, send)

    return application


class _Server(uvicorn.Server):
    """A uvicorn that does not send itself the signal again that ended it: there is more to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
