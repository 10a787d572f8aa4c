"""Makes TorchServe's workers read their socket by the block, and in silence.

Fixes: a worker asks the system for each length, name and value on its own, some thirty times a request, and prints a
line for each batch, which wakes the Java side to read it and throw it away.
Upstream: no issue found.
Without it: the same answers, more slowly; and no `keeper`, which needs this buffer.
Test: tests/unit/handler/torchserve_patches/test_receiving.py.
"""

import logging
import sys
from functools import lru_cache
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any

from ts.protocol import otf_message_handler

from handler.torchserve_patches.keeper import Keeper


def read_by_the_block() -> None:
    """Let whatever a worker still receives pass through a buffer; a worker has one connection for all its life."""
    otf_message_handler._retrieve_buffer = _receive
    otf_message_handler.logging = logging.getLogger(otf_message_handler.__name__)
    otf_message_handler.logging.setLevel(logging.WARNING)


def _receive(connection: socket, length: int) -> bytes:
    """Exactly `length` bytes; ends the worker, as TorchServe's own does, where the other side has gone."""
    data = _buffered(connection).read(length)
    if len(data) < length:
        logging.info("Frontend disconnected.")
        sys.exit(0)
    return data


@lru_cache(maxsize=1)
def _buffered(connection: socket) -> BufferedReader:
    return BufferedReader(_Kept(connection))


class _Kept(RawIOBase):
    """What a connection receives; a worker that waits for it is idle."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._keeper = Keeper(connection)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._keeper.set_busy(busy=False)
        count = self._connection.recv_into(buffer)
        self._keeper.set_busy(busy=True)
        return count

    def close(self) -> None:
        if not self.closed:
            self._keeper.end()
        super().close()
