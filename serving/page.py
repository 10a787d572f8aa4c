"""The static page's HTTP server: files of one folder, read-only, on one loopback origin; no word of TorchServe.

The API's CORS setting allows exactly one origin, so a visitor by another name (localhost) is sent to that one.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

LOOPBACK = "127.0.0.1"

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
"""Written out: the system's table, which `mimetypes` reads, differs from machine to machine."""

PACKED_SUFFIXES = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".md"}
"""Text, a third as long when it is sent gzipped."""


class PageServer(ThreadingHTTPServer):
    """Serves `folder` at http://127.0.0.1:port, and at /config.json where the page finds its API.

    The port is taken on construction; who asks before `start` waits.

    Args:
        folder: the page's files.
        port: TCP port; 0 lets the system choose.
        api_url: the API's origin, such as http://127.0.0.1:8080, the only other one the page may talk to.
        model: the model's name in the API's paths.
        extra: files from elsewhere, by the name they are to have beside the page; one that is missing is not found.

    Raises:
        OSError: the port cannot be taken.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, folder: Path, port: int, api_url: str, model: str, extra: Mapping[str, Path] | None = None
    ) -> None:
        super().__init__((LOOPBACK, port), PageHandler)
        self.folder = folder.resolve()
        self.extra = {f"/{name}": path for name, path in (extra or {}).items()}
        self.config = json.dumps({"endpoint": api_url, "model": model}).encode()
        self.content_security_policy = (
            f"default-src 'self'; connect-src 'self' {api_url}; img-src 'self' data: blob:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self.host = f"{LOOPBACK}:{self.server_port}"
        self._thread: Thread | None = None

    def start(self, on_end: Callable[[], None] = lambda: None) -> None:
        """Answers requests in a thread of its own; `on_end` is called from there when it ends, crash or not."""

        def run() -> None:
            try:
                self.serve_forever()
            finally:
                on_end()

        self._thread = Thread(target=run, name="page", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops answering and frees the port. Does nothing the second time."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line instead of a traceback, and nothing where the browser merely went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"page server: {type(error).__name__}: {error}", file=sys.stderr)


class PageHandler(BaseHTTPRequestHandler):
    """GET and HEAD of the files in the server's folder."""

    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version = "page"
    sys_version = ""
    timeout = 30  # seconds an idle connection may hold a thread

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        target = urlsplit(self.path)
        if not self.path.startswith("/"):  # an absolute URL or CONNECT form: this is no proxy
            self._send_text(HTTPStatus.BAD_REQUEST, "The path must begin with a slash.")
        elif host != self.server.host:
            # Not a permanent redirect: browsers remember those, and another program may have the port tomorrow.
            self._send(HTTPStatus.TEMPORARY_REDIRECT, b"", {"Location": f"http://{self.server.host}{self.path}"})
        elif target.path == "/config.json":
            self._send(HTTPStatus.OK, self.server.config, {"Content-Type": MEDIA_TYPES[".json"]})
        else:
            self._send_file(target.path)

    do_HEAD = do_GET

    def _refuse_method(self) -> None:
        self.close_connection = True  # the body is not read
        self._send_text(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD.", {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse_method

    def _send_file(self, path: str) -> None:
        try:
            file = self.server.extra.get(path) or self._find(unquote(path))
        except OSError:  # too long a name, or a loop of links
            file = None
        if file is None:
            self._send_text(HTTPStatus.NOT_FOUND, "There is no such file.")
            return
        try:
            body = file.read_bytes()
        except FileNotFoundError:
            self._send_text(HTTPStatus.NOT_FOUND, "There is no such file.")
            return
        except OSError as error:
            print(f"page server: {file}: {error.strerror}", file=sys.stderr)
            self._send_text(HTTPStatus.INTERNAL_SERVER_ERROR, "The file cannot be read.")
            return
        suffix = file.suffix.lower()
        headers = {"Content-Type": MEDIA_TYPES[suffix]}
        if suffix in PACKED_SUFFIXES:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                body, headers["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
        self._send(HTTPStatus.OK, body, headers)

    def _find(self, path: str) -> Path | None:
        """The file behind an unquoted path, or None: outside the folder, hidden, a folder, or of an unknown type."""
        parts = (path + "index.html" if path.endswith("/") else path).split("/")[1:]
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        file = self.server.folder.joinpath(*filter(None, parts)).resolve()  # follows links, so that none leads out
        inside = file.is_relative_to(self.server.folder)
        return file if inside and file.is_file() and file.suffix.lower() in MEDIA_TYPES else None

    def _send_text(self, status: HTTPStatus, text: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, f"{text}\n".encode(), {"Content-Type": MEDIA_TYPES[".txt"], **(headers or {})})

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        """Every answer, the base class's own errors included, carries the same rules."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", self.server.content_security_policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a page's visits are nobody's business, and what fails here says so itself."""
