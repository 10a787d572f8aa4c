"""Starts workers by forking a process that has imported PyTorch.

Fixes: each worker imports PyTorch for itself, which is most of the processor time that its start takes.
Upstream: none. The model is the fork server of Python's `multiprocessing`, which serves only the process that made it.
Without it: a killed worker is back some seconds later, and no two workers share what they imported.
Test: tests/unit/handler/torchserve_patches/test_fork_server.py, tests/integration/test_patches_off.py.

TorchServe starts the process of a worker as ever. That process hands its arguments, its environment and its output over
(worker_start/sitecustomize.py) and waits: it ends as the worker does, and the worker ends with it. Linux only.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

ADDRESS = "DIGITS_FORK_SERVER"
"""Environment variable: the path of the server's Unix socket."""

IMPORTED = ("cv2", "numpy", "PIL.Image", "torch", "ts.model_service_worker", "ts.torch_handler.request_envelope.base")
"""What a worker imports of others' code; the archive's own code differs between versions."""

QUEUED = 64  # workers that may wait to be forked


@dataclass(frozen=True)
class Worker:
    """A forked worker.

    Attributes:
        pid: of its process.
        process: file descriptor that can be read once the process has ended.
        starter: connection to the process that TorchServe started for it.
    """

    pid: int
    process: int
    starter: socket.socket

    def end(self) -> None:
        """Kill the process if it still runs, and tell its starter the exit status, to end with the same."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.process)
        with suppress(OSError):  # the starter was killed
            self.starter.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            self.starter.shutdown(socket.SHUT_RDWR)
        self.starter.close()


def run_beside(address: str, command: list[str]) -> None:
    """Start the server in a process of its own, then become the command, whose workers will find it."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(QUEUED)
    if os.fork() == 0:
        serve(listener, IMPORTED)
    listener.close()
    os.environ[ADDRESS] = address
    os.execvp(command[0], command)  # noqa: S606 - what the caller starts


def serve(listener: socket.socket, modules: Sequence[str]) -> None:
    """Import modules, then fork a worker for whoever connects, for ever; returns only in a worker that is done."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process that has threads cannot be forked safely
    for name in modules:
        with suppress(ModuleNotFoundError):  # a worker that needs it tells; any other error ends the server
            import_module(name)
    gc.collect()
    gc.freeze()  # so that a worker's collector does not write to the memory that it shares
    workers: dict[int, Worker] = {}  # by both of their file descriptors
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        for file, _ in poll.poll():
            if file == listener.fileno():
                starter, _ = listener.accept()
                if (pid := os.fork()) == 0:
                    for inherited in (listener, *(worker.starter for worker in workers.values())):
                        inherited.close()
                    become_worker(starter)
                    return
                worker = Worker(pid, os.pidfd_open(pid), starter)
                poll.register(worker.process, select.POLLIN)
                poll.register(starter, 0)  # told of its end only: what it sends is for the worker
                workers |= dict.fromkeys((worker.process, starter.fileno()), worker)
            elif file in workers:
                worker = workers[file]
                for ended in (worker.process, worker.starter.fileno()):
                    poll.unregister(ended)
                    del workers[ended]
                worker.end()


def become_worker(starter: socket.socket) -> None:
    """Run what the starter was started for, with its environment and output."""
    with starter, starter.makefile("rb") as stream:
        _, files, _, _ = socket.recv_fds(starter, 1, 2)
        request = json.load(stream)
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.path[:] = request["path"]
    sys.argv[:] = request["arguments"]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    run_beside(sys.argv[1], sys.argv[2:])
