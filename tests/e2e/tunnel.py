"""A tunnel as `ssh -L` opens one: another local port whose connections end at a server's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread


@contextmanager
def tunnel_to(port: int) -> Iterator[int]:
    """Passes connections on to a loopback port until the block ends; gives the port to connect to."""

    class Tunnel(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = Thread(target=pump, args=(server, self.request))
                back.start()
                pump(self.request, server)
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        server.block_on_close = False  # the browser keeps connections open
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Copies bytes until the source ends, then ends the sink."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
