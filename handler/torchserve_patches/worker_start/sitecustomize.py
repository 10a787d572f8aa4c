"""Makes a worker start sooner; every Python of TorchServe's runs this first, since the folder is on its PYTHONPATH.

Fixes: a worker's start is handed over to the fork server, see fork_server.py. Where none answers, one setting saves
half a second: PyTorch's import makes objects that stay, and Python looks among them for garbage again and again. The
threshold stays raised for the worker's whole life.
Upstream: none.
Without it: a killed worker is back some seconds later.
Test: tests/unit/handler/torchserve_patches/test_fork_server.py, tests/integration/test_patches_off.py.
"""

import gc
import json
import os
import socket
import sys


def hand_over(address: str) -> None:
    """Let the fork server start this process's worker, and end as it does; return where there is no server."""
    with socket.socket(socket.AF_UNIX) as connection:
        request = {
            "arguments": sys.orig_argv[1:],
            "environment": dict(os.environ),
            "folder": os.getcwd(),  # noqa: PTH109 - pathlib is not imported at a start
            "path": sys.path,
        }
        try:
            connection.connect(address)
            socket.send_fds(connection, [b"\0"], [1, 2])
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            exit_code = int(connection.recv(16) or 1)  # nothing comes where the server died after it had forked
        except OSError:
            return
    if exit_code < 0:  # a signal, which TorchServe's answer depends on
        os.kill(os.getpid(), -exit_code)
    os._exit(exit_code)


gc.set_threshold(100_000)
if sys.orig_argv[1:] and sys.orig_argv[1].endswith("model_service_worker.py") and os.environ.get("DIGITS_FORK_SERVER"):
    hand_over(os.environ["DIGITS_FORK_SERVER"])
