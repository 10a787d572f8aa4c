"""The static page as a Starlette application: the files of one folder, read-only, on one origin.

A visitor at the page's own address asks the API where it is. Any other (localhost, a tunnel) may not reach the API's
port, and is none of the one origin that CORS allows: that page asks its own address, which passes requests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.forwarding import PATHS, Api, Forwarding
from serving.hosts import AnsweredHosts, name_of
from serving.learner_access import LearnerAccess

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""Files with other endings are not served. The system's table, which `mimetypes` reads, differs between machines."""

OnError = Callable[[str], None]
"""Called with a line for the operator."""


PAGE_LABELS = list("0123456789")
"""The labels that the page is written for."""

SPRITE_INDEX = "samples.json"
"""Beside the page where `make samples` has built its sprite of test digits, which the page then shows."""

OWN_ADDRESS = "."
"""The endpoint of a page that asks beside itself."""

TUNNEL_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")
"""What a tunnel or a proxy adds; some of them rewrite `Host` to the page's own address."""

_GZIP = re.compile(r"(?:x-)?gzip\s*(?:;\s*q\s*=\s*(?P<weight>[\d.]+))?", re.IGNORECASE)


@dataclass(frozen=True)
class PageConfig:
    """What the page reads from its `config.json`.

    Attributes:
        endpoint: the API's origin, or `OWN_ADDRESS`.
        model: the model's name in the API's paths.
        labels: what the model tells apart; left out of the file where they are `PAGE_LABELS`.
        learner: what learns from the visitors' corrections, where there is one.
    """

    endpoint: str
    model: str
    labels: list[str] = field(default_factory=PAGE_LABELS.copy)
    learner: LearnerAccess | None = None

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        content: dict[str, Any] = {"endpoint": self.endpoint, "model": self.model}
        if self.labels != PAGE_LABELS:
            content["labels"] = self.labels
        if self.learner is not None:
            content["learner"] = {name: value for name, value in asdict(self.learner).items() if value is not None}
        return content


def application(
    folder: Path,
    origin: str,
    config: PageConfig,
    extra: Mapping[str, bytes],
    on_error: OnError,
    api: Api | None = None,
    allowed_hosts: Sequence[str] = (),
    allowed_endpoints: Sequence[str] = (),
) -> Starlette:
    """The page as an ASGI application, to be run alone or mounted beside others.

    Args:
        folder: the page's files.
        origin: the page's own address, such as http://127.0.0.1:8000.
        config: served as `config.json` to who asks at that address; to all where there is no `api`. Others get no key
            of a learner.
        extra: contents of more files, by their names beside the page.
        on_error: called when a file cannot be read or the application fails; the client is told no details.
        api: where the requests of those go who ask at another address.
        allowed_hosts: names to answer to beside loopback, tunnels and the one in `origin`; see `AnsweredHosts`.
        allowed_endpoints: origins of other recognisers that a visitor may name with `?endpoint=`.
    """
    own_host = origin.partition("://")[2]
    asked = [config.endpoint, *([config.learner.endpoint] if config.learner else [])]
    others = [origin for origin in asked if "://" in origin]
    connects = " ".join(["'self'", *others, *allowed_endpoints])
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": (
            f"default-src 'self'; connect-src {connects}; img-src 'self' data: blob:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    def config_json(request: Request) -> Response:
        is_direct = request.headers["Host"] == own_host and not any(name in request.headers for name in TUNNEL_HEADERS)
        told = config if is_direct or api is None else replace(config, endpoint=OWN_ADDRESS, learner=None)
        sprite = {"samples": True} if (folder / SPRITE_INDEX).is_file() else {}
        return JSONResponse(told.to_json() | sprite)

    def fail(request: Request, error: Exception) -> Response:
        on_error(f"{type(error).__name__}: {error}")
        return PlainTextResponse("The page's server failed.\n", 500, headers)  # sent outside of the middleware

    forwarded = [Route(f"/{path}/{{path:path}}", Forwarding(api, path)) for path in PATHS] if api else []
    files = Route("/{path:path}", Files(folder, extra, on_error).answer)
    return Starlette(
        routes=[Route("/config.json", config_json), *forwarded, files],
        middleware=[
            Middleware(EveryAnswer, headers=headers),
            Middleware(AnsweredHosts, allowed=(name_of(own_host), *allowed_hosts)),
            Middleware(GzipWhereAccepted, minimum_size=1),
        ],
        exception_handlers={404: _not_found, 405: _not_allowed, Exception: fail},
    )


class EveryAnswer:
    """Middleware that puts the same headers on every answer."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class GzipWhereAccepted(GZipMiddleware):
    """Starlette's, which takes `gzip;q=0`, "never gzip", for leave to pack."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            if accepts_gzip(Headers(scope=scope).get("Accept-Encoding", "")):
                kept.append((b"accept-encoding", b"gzip"))
            scope = {**scope, "headers": kept}
        await super().__call__(scope, receive, send)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client names gzip with a weight above 0 (RFC 9110, 12.5.3)."""
    named = (_GZIP.fullmatch(part.strip()) for part in accept_encoding.split(","))
    return any(match and (match["weight"] is None or match["weight"].strip("0.") != "") for match in named)


class Files:
    """Reads the page's files.

    Not Starlette's StaticFiles, which takes media types from the system's table, serves hidden files, and under
    GZipMiddleware answers HEAD with another length than GET.
    """

    def __init__(self, folder: Path, extra: Mapping[str, bytes], on_error: OnError) -> None:
        self._folder, self._extra, self._on_error = folder.resolve(), extra, on_error

    def answer(self, request: Request) -> Response:
        """The file that the path names; Starlette calls this in a thread."""
        path = request.path_params["path"]
        if (content := self._extra.get(path)) is not None:
            return Response(content, media_type=MEDIA_TYPES[Path(path).suffix])
        file = self._find(path)
        if file is None:
            raise HTTPException(404)
        try:
            return Response(file.read_bytes(), media_type=MEDIA_TYPES[file.suffix.lower()])
        except FileNotFoundError as error:
            raise HTTPException(404) from error
        except OSError as error:
            self._on_error(f"{file}: {error.strerror}")
            return PlainTextResponse("The file cannot be read.\n", 500)

    def _find(self, path: str) -> Path | None:
        """The file behind a path, or None: it lies outside the folder, is hidden, a folder, or of an unknown type."""
        parts = (f"{path}index.html" if path.endswith("/") or not path else path).split("/")
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        try:
            file = self._folder.joinpath(*filter(None, parts)).resolve()  # follows links, so that none leads out
            is_served = file.is_relative_to(self._folder) and file.is_file() and file.suffix.lower() in MEDIA_TYPES
        except (OSError, RuntimeError):  # too long a name, or a loop of links
            return None
        return file if is_served else None


def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("There is no such file.\n", 404)


def _not_allowed(request: Request, error: Exception) -> Response:
    return PlainTextResponse("Only GET and HEAD.\n", 405, {"Allow": "GET, HEAD"})
