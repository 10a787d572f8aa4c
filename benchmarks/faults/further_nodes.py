"""Further nodes that lose their link or their disk. Both need root: a network namespace, a file system of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.faults.setting import Setting, every
from benchmarks.processes import find_free_ports, stop, wait_until_ready
from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from model.locations import ROOT
from serving.settings import LOOPBACK

CUT_S = 20.0
READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0
DISK_MB = 80
"""A node starts where 64 MB are free."""

CAP_SYS_ADMIN = 21
NAMESPACE = f"digits-{os.getpid()}"
OUTER = f"digits{os.getpid() % 1_000_000}"
INNER = "node0"


def missing() -> str | None:
    """Why neither can be had on this machine; None where they can."""
    status = Path("/proc/self/status")
    [line] = [line for line in status.read_text().splitlines() if line.startswith("CapEff")]
    if not int(line.split()[-1], 16) >> CAP_SYS_ADMIN & 1:
        return "needs root"
    return None if shutil.which("ip") else "needs ip; on Debian: apt install iproute2"


@contextmanager
def cut_link(setting: Setting) -> Iterator[None]:
    """A further node in a network namespace, whose link is down for `CUT_S` or as long as clients ask."""
    folder = Path(mkdtemp(dir=setting.folder))
    with _namespace() as address:
        command = ["ip", "netns", "exec", NAMESPACE, sys.executable, "-m", "benchmarks.faults.open_node", address]
        with _running([*command, str(folder)], folder), setting.further_node(f"http://{address}:8080"):
            _link("down")
            timer = threading.Timer(CUT_S, _link, ["up"])
            timer.start()
            try:
                yield
            finally:
                timer.cancel()
                timer.join()
                _link("up")


@contextmanager
def full_disk(setting: Setting) -> Iterator[None]:
    """A further node whose logs lie on a full disk, and which has something to log all the time."""
    ports = find_free_ports()
    with _disk(Path(mkdtemp(dir=setting.folder))) as folder:
        command = [sys.executable, "scripts/serve.py", "--no-page", f"--port={ports.inference}", f"--log-dir={folder}"]
        with _running(command, folder), setting.further_node(ports.api_url):
            _fill(folder)
            with every(0.05, lambda _: _ask_in_vain(ports.inference))(setting):
                yield


@contextmanager
def _namespace() -> Iterator[str]:
    """A network namespace with one link to this one; gives its address there."""
    subnet = f"10.213.{os.getpid() % 256}"
    _ip("netns", "add", NAMESPACE)
    try:
        _ip("link", "add", OUTER, "type", "veth", "peer", "name", INNER, "netns", NAMESPACE)
        _ip("address", "add", f"{subnet}.1/30", "dev", OUTER)
        _ip("link", "set", OUTER, "up")
        _ip("-n", NAMESPACE, "address", "add", f"{subnet}.2/30", "dev", INNER)
        for link in ("lo", INNER):
            _ip("-n", NAMESPACE, "link", "set", link, "up")
        yield f"{subnet}.2"
    finally:
        _ip("netns", "delete", NAMESPACE)


def _link(state: str) -> None:
    _ip("-n", NAMESPACE, "link", "set", INNER, state)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "digits", str(folder))
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


def _fill(folder: Path) -> None:
    """Write until nothing more can be written."""
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(2**16)):
            pass


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise OperatorError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[None]:
    """A node, ready, for the length of a `with` block; what it prints lies in the folder."""
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, cwd=ROOT)
    try:
        wait_until_ready(process, folder / "stdout", folder / "stderr", READY_TIMEOUT_S)
        yield
        if process.poll() is not None:
            raise OperatorError(f"a further node has ended: {(folder / 'stderr').read_text()}")
    finally:
        stop(process, STOP_TIMEOUT_S)


def _ask_in_vain(port: int) -> None:
    """What is no picture is answered 415, and logged."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("POST", f"/predictions/{MODEL_NAME}", b"no picture")
        connection.getresponse()
    connection.close()
