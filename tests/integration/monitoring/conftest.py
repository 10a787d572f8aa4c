"""A real Prometheus, with its promtool, for the tests of what it is to read and to say."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from serving.settings import LOOPBACK
from tests.waiting import TIMEOUT_S, eventually


def program_of_prometheus(name: str) -> str:
    """The path of `prometheus` or `promtool`; the test is skipped where it is missing and nobody insists on it."""
    program = shutil.which(name)
    if program is None:
        assert not os.environ.get("REQUIRE_PROMETHEUS"), f"no {name} on this machine"
        pytest.skip(f"no {name} on this machine: apt install prometheus")
    return program


@dataclass(frozen=True)
class Prometheus:
    """One that runs.

    Attributes:
        url: where it answers.
    """

    url: str

    def is_ready(self) -> bool:
        """It listens a while before it is ready, and answers 503 meanwhile."""
        try:
            return requests.get(f"{self.url}/-/ready", timeout=TIMEOUT_S).ok
        except requests.ConnectionError:  # not listening yet
            return False

    def values(self, query: str) -> list[float]:
        """What it answers, a finite value for each series; none for a wrong query."""
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=TIMEOUT_S).json()
        series = answer["data"]["result"] if answer["status"] == "success" else []
        return [value for one in series if math.isfinite(value := float(one["value"][1]))]


@contextlib.contextmanager
def running_prometheus(folder: Path, config: Mapping[str, Any]) -> Iterator[Prometheus]:
    """A Prometheus on a free port, ready, for the length of a `with` block; what it keeps lies in `folder`."""
    program = program_of_prometheus("prometheus")
    with socket.create_server((LOOPBACK, 0)) as probe:
        address = f"{LOOPBACK}:{probe.getsockname()[1]}"
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config))
    command = [program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
    prometheus = Prometheus(f"http://{address}")
    try:
        eventually(prometheus.is_ready)
        yield prometheus
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)
