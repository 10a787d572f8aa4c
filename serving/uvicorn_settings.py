"""What the servers of ours that run under uvicorn have in common."""

from __future__ import annotations

import socket
from typing import Literal

import uvicorn
from starlette.types import ASGIApp


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """Take a port; 0 lets the system choose.

    Raises:
        OSError: it cannot be taken.
    """
    listening = socket.create_server((host, port), backlog=backlog)
    # Connections inherit it; without it an answer's body waits 40 ms, until the client acknowledges the headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def configuration(
    application: ASGIApp, http: Literal["h11", "httptools"], backlog: int, keep_alive_s: int, stop_timeout_s: int
) -> uvicorn.Config:
    """A uvicorn that logs nothing: applications tell their errors themselves, and visits are not logged.

    Args:
        application: what it serves.
        http: its parser of HTTP.
        backlog: how many connections may wait to be accepted.
        keep_alive_s: how long a connection may stay open between two requests.
        stop_timeout_s: how long a stop waits for answers under way.
    """
    return uvicorn.Config(
        application,
        # Chosen here, not by what else is installed.
        loop="asyncio",
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=backlog,
        timeout_keep_alive=keep_alive_s,
        timeout_graceful_shutdown=stop_timeout_s,
    )
