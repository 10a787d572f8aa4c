"""Passes predictions and explanations that come to the page's own address on to TorchServe.

A visitor who comes through a tunnel, or by another name than 127.0.0.1, reaches the page's port alone, and TorchServe's
CORS allows one origin at most: such a page asks its own address. The other ports stay behind TorchServe.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.error_objects import error_response

PATHS = ("predictions", "explanations")
METHODS = ("POST", "PUT")
REQUEST_HEADERS = ("Content-Type", "Content-Encoding", "Authorization")
ANSWER_HEADERS = ("Content-Type", "X-Request-Id")

TIMEOUT_S = 60.0
"""How long TorchServe may take for an answer; the page itself waits for less."""


@dataclass(frozen=True)
class Api:
    """The TorchServe that requests are passed on to.

    Attributes:
        url: its inference address, such as http://127.0.0.1:8080.
        max_body_bytes: a longer body is refused before TorchServe is asked.
    """

    url: str
    max_body_bytes: int


class Forwarding:
    """ASGI application that asks one of the API's paths; errors have TorchServe's own shape."""

    def __init__(self, api: Api, path: str) -> None:
        self._api, self._path = api, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in METHODS:
            allowed = ", ".join(METHODS)
            message = f"{request.method} is not accepted here: send the picture by {' or '.join(METHODS)}."
            return error_response(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, {"Allow": allowed})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._api.max_body_bytes:
                message = f"The body has more than {self._api.max_body_bytes} bytes."
                return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLarge", message)
        return await run_in_threadpool(self._ask, request, bytes(body))

    def _ask(self, request: Request, body: bytes) -> Response:
        target = f"/{self._path}/{quote(request.path_params['path'])}"
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {name: request.headers[name] for name in REQUEST_HEADERS if name in request.headers}
        connection = http.client.HTTPConnection(urlsplit(self._api.url).netloc, timeout=TIMEOUT_S)
        try:
            connection.request(request.method, target + query, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except TimeoutError:
            return error_response(
                HTTPStatus.GATEWAY_TIMEOUT, "GatewayTimeout", f"TorchServe took over {TIMEOUT_S:g} s."
            )
        except (OSError, http.client.HTTPException):
            return error_response(HTTPStatus.BAD_GATEWAY, "BadGateway", "TorchServe does not answer.")
        finally:
            connection.close()
        kept = {name: answer.headers[name] for name in ANSWER_HEADERS if name in answer.headers}
        return Response(content, answer.status, kept)
