"""Who may ask: no address is trusted, since any website can send to 127.0.0.1, and a gateway's peers are all loopback.

A request needs a key with the scope of what it asks, a `Host` that no stranger can point here, and an `Origin`, where a
browser names one, that is the page's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model.errors import OperatorError
from serving.error_objects import error_response
from serving.gateway.keys import Key, KeyFile
from serving.hosts import is_answered

MAX_BODY_BYTES = 32 * 2**20
OPEN_PATHS = ("/health/ready",)
JSON_TYPE, ZIP_TYPE = "application/json", "application/zip"


@dataclass(frozen=True)
class Doors:
    """From where the service may be asked.

    Attributes:
        origins: of pages whose scripts may ask, such as http://127.0.0.1:8000.
        hosts: further names that it is asked under; see `serving.hosts`.
    """

    origins: Sequence[str]
    hosts: Sequence[str] = ()


class Keys:
    """The keys of a file, read again when it changes.

    Args:
        file: where they are.
    """

    def __init__(self, file: KeyFile) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._keys: Sequence[Key] = ()

    def find(self, authorization: str) -> Key | None:
        """The key that a header holds as `Bearer KEY`; None where it holds no valid one.

        Raises:
            KeyFileError: the file cannot be used.
        """
        sent = authorization.encode()
        keys = [key for key in self._read() if hmac.compare_digest(sent, f"Bearer {key.secret}".encode())]
        return keys[0] if keys else None

    def _read(self) -> Sequence[Key]:
        try:
            found = self._file.path.stat()
        except FileNotFoundError:
            return ()
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            self._keys, self._seen = self._file.read(), seen
        return self._keys


def needed(*scopes: str) -> Callable[[Request], Key]:
    """A dependency of a route: the key that it is asked with, which must have one of these scopes."""

    def find(request: Request) -> Key:
        key: Key = request.state.key
        if not set(scopes) & set(key.scopes):
            wanted = " or ".join(scopes)
            raise HTTPException(403, f"the key {key.name!r} is for {', '.join(key.scopes)}; this needs {wanted}")
        return key

    return find


class Guard:
    """Middleware that refuses who has no key before a body is read: other hosts, origins, types and sizes too."""

    def __init__(self, app: ASGIApp, doors: Doors, keys: Keys) -> None:
        self._app, self._doors, self._keys = app, doors, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is None and scope["path"] not in OPEN_PATHS:
            try:
                key = self._keys.find(headers.get("Authorization", ""))
            except OperatorError as error:
                refusal = error_response(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", str(error))
            else:
                scope.setdefault("state", {})["key"] = key
                refusal = None if key else _unauthorised(headers)
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY_BYTES:
                raise HTTPException(413, f"the request has more than the {MAX_BODY_BYTES:,} bytes that are accepted")
            return message

        await (refusal or self._app)(scope, bounded, send)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        host, origin = headers.get("Host", ""), headers.get("Origin")
        if not is_answered(host, self._doors.hosts):
            return error_response(
                HTTPStatus.FORBIDDEN,
                "Forbidden",
                f"the learner is not asked under the host {host!r}, only under localhost, 127.0.0.1, [::1], and names "
                "that --allow-host gives",
            )
        if origin is not None and origin not in self._doors.origins:
            accepted = ", ".join(self._doors.origins)
            return error_response(
                HTTPStatus.FORBIDDEN,
                "Forbidden",
                f"pages of {origin} may not ask the learner; accepted are those of {accepted}; --origin names another",
            )
        has_body = headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if method == "POST" and has_body and kind not in (JSON_TYPE, ZIP_TYPE):
            return error_response(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                f"the content type is {kind or 'missing'}; accepted is {JSON_TYPE}, and {ZIP_TYPE} for an export",
            )
        return None


def _unauthorised(headers: Headers) -> Response:
    seen = "another" if "Authorization" in headers else "none"
    return error_response(
        HTTPStatus.UNAUTHORIZED,
        "Unauthorized",
        f"send a key of the learner as `Authorization: Bearer KEY`; seen was {seen}",
        {"WWW-Authenticate": "Bearer"},
    )
