"""Plain static hosts on loopback, for pages that `make serve` does not serve."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

from model.locations import ROOT


class StaticHost(SimpleHTTPRequestHandler):
    """Serves the files of `folder`, silently."""

    folder: ClassVar[Path] = ROOT

    def __init__(self, *args: object) -> None:
        super().__init__(*args, directory=str(self.folder))  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def hosted(handler: type[StaticHost] = StaticHost) -> Iterator[str]:
    """Answers requests until the block ends; gives the host's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
