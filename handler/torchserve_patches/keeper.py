"""Keeps a killed worker's connection open until closing it no longer makes TorchServe lose requests.

Fixes: the end of the connection tells TorchServe that a worker is dead. It fails the requests that it has sent to the
worker, but forgets those that it is gathering into a batch. So each worker has a process that holds its connection too:
where the worker died idle, until the next batch has been sent, which is failed then.
Upstream: no issue found.
Without it: the clients of those requests wait for ever.
Test: tests/unit/handler/torchserve_patches/test_keeper.py, tests/integration/test_faults.py.
"""

import os
import subprocess
import sys
from mmap import mmap
from select import select
from socket import socket
from tempfile import TemporaryFile

LINGER_S = 0.5
"""How long at most, since a worker is restarted only then; longer than a batch is gathered."""


class Keeper:
    """A worker's view of the process that outlives it."""

    def __init__(self, connection: socket) -> None:
        with TemporaryFile() as shared:
            shared.truncate(1)
            self._busy = mmap(shared.fileno(), 1)
            files = (connection.fileno(), shared.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, *map(str, files)],
                stdin=subprocess.PIPE,  # closed by the worker's end, whatever that is
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=files,
            )

    def set_busy(self, busy: bool) -> None:
        """Record whether the worker is handling a request, in case it dies."""
        self._busy[0] = busy

    def end(self) -> None:
        """Let the connection go."""
        self.set_busy(busy=True)
        self._process.communicate()


def keep(connection: int, busy: int) -> None:
    """Hold a worker's connection, given as file descriptors, past the end of standard input."""
    sys.stdin.buffer.read()
    if os.pread(busy, 1, 0) == b"\0":
        select([connection], [], [], LINGER_S)


if __name__ == "__main__":
    keep(*map(int, sys.argv[1:]))
