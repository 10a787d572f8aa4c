"""Runs the page's application under uvicorn, in a thread of this process, on a loopback port that is taken first.

uvicorn itself answers what is not valid HTTP/1.1, also a request without Host or with over 64 KiB of headers: 400 in
plain text, without the application's headers. It sets no limit to the time that a client may take to send a request; an
idle connection costs no thread.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread

import uvicorn

from model.artifacts import MODEL_NAME
from release.archive_digest import CheckedArchive
from serving.forwarding import Api
from serving.model_description import describe
from serving.page import OWN_ADDRESS, OnError, PageConfig, application
from serving.settings import LOOPBACK, Ports, allows_the_page, max_request_bytes, read_properties
from serving.uvicorn_settings import configuration, listen

BACKLOG = 64
"""How many connections may wait to be accepted, before the start above all."""

KEEP_ALIVE_S = 30
"""How long a connection may stay open between two requests."""

STOP_TIMEOUT_S = 1
"""How long a stop waits for answers under way; connections without a request are closed at once."""


class PageServer:
    """Serves `application` at http://127.0.0.1:port, from a thread of its own.

    The port is taken on construction; requests before `start` wait.

    Args:
        folder, config, extra, on_error, api, allowed_hosts: see `application`.
        port: TCP port; 0 lets the system choose.

    Attributes:
        port: where it listens.
        host: the `Host` of who asks at the page's own address.

    Raises:
        OSError: the port cannot be taken.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        config: PageConfig,
        extra: Mapping[str, bytes] | None = None,
        on_error: OnError = lambda message: None,
        api: Api | None = None,
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        self._socket = listen(LOOPBACK, port, BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self.host = f"{LOOPBACK}:{self.port}"
        self._on_error = on_error
        page = application(folder, f"http://{self.host}", config, extra or {}, on_error, api, allowed_hosts)
        settings = configuration(page, "h11", BACKLOG, KEEP_ALIVE_S, STOP_TIMEOUT_S)
        self._server = _Server(settings)
        self._thread: Thread | None = None

    def start(self, on_end: Callable[[], None] = lambda: None) -> None:
        """Answer requests from now on; `on_end` is called from the server's thread when it ends, crash or not."""

        def run() -> None:
            try:
                self._server.run([self._socket])
            except Exception as error:
                self._on_error(f"{type(error).__name__}: {error}")
            finally:
                on_end()

        self._thread = Thread(target=run, name="page", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port. Does nothing the second time."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None
        self._socket.close()


def page_of(
    archive: CheckedArchive, folder: Path, ports: Ports, allowed_hosts: Sequence[str], on_error: OnError
) -> PageServer:
    """The page's server beside the TorchServe that serves `archive` on these ports.

    Where the operator's CORS origin is not the page's, the page asks its own address.
    """
    properties = read_properties()
    model = describe(archive)
    endpoint = ports.api_url if allows_the_page(properties, ports) else OWN_ADDRESS
    config = PageConfig(endpoint, MODEL_NAME, model.labels)
    api = Api(ports.api_url, max_request_bytes(properties))
    return PageServer(folder, ports.page, config, model.files, on_error, api, allowed_hosts)


class _Server(uvicorn.Server):
    """A uvicorn that cuts off the clients that keep it from stopping: those that do not read their answer."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
