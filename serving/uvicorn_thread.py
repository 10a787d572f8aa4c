"""An application under uvicorn in a thread of this process, at a loopback port that is taken first."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from serving.uvicorn_settings import configuration

BACKLOG = 64
"""How many connections may wait to be accepted, before the start above all."""

KEEP_ALIVE_S = 30
"""How long a connection may stay open between two requests."""

STOP_TIMEOUT_S = 1
"""How long a stop waits for answers under way; connections without a request are closed at once."""


class UvicornThread:
    """Serves an application; requests before `start` wait.

    Args:
        listening: where, from `serving.uvicorn_settings.listen`.
        application: what.
        on_error: called with a line for the operator where uvicorn itself ends with an exception.
    """

    def __init__(
        self, listening: socket.socket, application: ASGIApp, on_error: Callable[[str], None] = lambda message: None
    ) -> None:
        self._socket, self._on_error = listening, on_error
        self._server = _Server(configuration(application, "h11", BACKLOG, KEEP_ALIVE_S, STOP_TIMEOUT_S))
        self._thread: Thread | None = None

    def start(self, name: str, on_end: Callable[[], None] = lambda: None) -> None:
        """Answer requests from now on.

        Args:
            name: of the thread.
            on_end: called from the thread when it ends, crash or not.
        """

        def run() -> None:
            try:
                self._server.run([self._socket])
            except Exception as error:
                self._on_error(f"{type(error).__name__}: {error}")
            finally:
                on_end()

        self._thread = Thread(target=run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and free the port. Does nothing the second time."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None
        self._socket.close()


class _Server(uvicorn.Server):
    """A uvicorn that cuts off the clients that keep it from stopping: those that do not read their answer."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
