"""A worker's connection outlives it where its end would lose a request, and no longer."""

import socket
import subprocess
import sys
import textwrap
import time
from contextlib import suppress

from handler.torchserve_patches.keeper import LINGER_S

WORKER = textwrap.dedent("""
    import socket, sys, time
    from handler.torchserve_patches.keeper import Keeper
    connection = socket.socket(fileno=int(sys.argv[1]))
    keeper = Keeper(connection)
    keeper.set_busy(busy=sys.argv[2] == "busy")
    print("ready", flush=True)
    time.sleep(60)
""")


def kill_a_worker(state: str) -> socket.socket:
    """TorchServe's end of the connection to a worker that was killed, idle or busy."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-c", WORKER, str(theirs.fileno()), state]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()], text=True)
    with worker:
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        worker.kill()
    return ours


def seconds_until_closed(connection: socket.socket) -> float:
    started = time.monotonic()
    connection.settimeout(10)
    with suppress(ConnectionResetError):  # something was sent that nobody read
        assert connection.recv(1) == b""
    return time.monotonic() - started


def test_a_busy_workers_connection_ends_with_it() -> None:
    with kill_a_worker("busy") as ours:
        assert seconds_until_closed(ours) < LINGER_S


def test_an_idle_workers_connection_ends_a_little_later() -> None:
    with kill_a_worker("idle") as ours:
        assert LINGER_S / 2 < seconds_until_closed(ours) < LINGER_S + 1


def test_an_idle_workers_connection_ends_as_soon_as_something_was_sent() -> None:
    with kill_a_worker("idle") as ours:
        ours.sendall(b"I")
        assert seconds_until_closed(ours) < LINGER_S
