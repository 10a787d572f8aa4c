"""Shows the management API of a TorchServe whose own listens at a Unix socket: what it tells, nothing to change."""

from __future__ import annotations

import http.client
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.error_objects import error_response
from serving.settings import LOOPBACK
from serving.unix_http import UnixConnection
from serving.uvicorn_settings import listen
from serving.uvicorn_thread import BACKLOG, UvicornThread

TIMEOUT_S = 10.0
METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]


class ManagementView:
    """Answers GET at a port of 127.0.0.1 with what a Unix socket's server answers.

    Args:
        port: to take.
        socket: the Unix socket of the management API.

    Raises:
        OSError: the port cannot be taken.
    """

    def __init__(self, port: int, socket: Path) -> None:
        self._path = socket
        application = Starlette(routes=[Route("/{path:path}", self._answer, methods=METHODS)])
        self._server = UvicornThread(listen(LOOPBACK, port, BACKLOG), application)
        self._server.start("management")

    def stop(self) -> None:
        """Answer no longer, and free the port."""
        self._server.stop()

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            message = "models are not changed at this port; `make promote` and `make rollback` change versions"
            return error_response(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowedException", message, {"Allow": "GET"})
        query = f"?{request.url.query}" if request.url.query else ""
        return await run_in_threadpool(self._ask, request.scope["raw_path"].decode("ascii") + query)

    def _ask(self, target: str) -> Response:
        connection = UnixConnection(self._path, TIMEOUT_S)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return Response(answer.read(), answer.status, media_type=answer.headers["Content-Type"])
        except (OSError, http.client.HTTPException):
            return error_response(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailableException", "TorchServe is not up")
        finally:
            connection.close()
