"""A real wrk against a real TorchServe, for a moment; and what the benchmark says where it cannot run."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serving.settings import LOOPBACK

if TYPE_CHECKING:
    from serving.settings import Ports

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / "benchmarks" / "compare_servers.py"


def bench(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ if path is None else os.environ | {"PATH": path}
    command = [sys.executable, str(COMMAND), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)


@pytest.fixture
def wrk() -> None:
    """Needs the program."""
    if shutil.which("wrk") is None:
        assert not os.environ.get("REQUIRE_WRK"), "no wrk on this machine"
        pytest.skip("no wrk on this machine: apt install wrk")


@pytest.mark.slow
@pytest.mark.usefixtures("wrk")
def test_a_server_is_checked_timed_stopped_and_written_down(free_ports: Ports, tmp_path: Path) -> None:
    output = tmp_path / "made" / "smoke"
    short = ("--rounds=1", "--seconds=1", "--warm-up-s=0", "--connections=4", "--inputs=28x28")
    done = bench(*short, "--servers", "ours:maxBatchDelay=2", f"--port={free_ports.inference}", f"--output={output}")
    assert done.returncode == 0, done.stderr
    assert "| ours, maxBatchDelay=2 | 4 |" in done.stdout == output.with_suffix(".md").read_text(encoding="utf-8")
    [run] = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))["runs"]
    assert run["requests"] > 10 and run["errors"] == 0
    assert 0 < run["p50_ms"] <= run["p99_ms"] <= run["max_ms"]
    assert run["memory_mb"] > 100 and run["cores"] > 0 and run["wrk_cores"] > 0
    assert output.with_suffix(".svg").exists()
    with socket.create_server((LOOPBACK, free_ports.inference)):
        pass  # nobody listens there any more


@pytest.mark.usefixtures("wrk")
def test_a_taken_port_is_named(free_ports: Ports) -> None:
    with socket.create_server((LOOPBACK, free_ports.inference)):
        done = bench("--servers", "ours", f"--port={free_ports.inference}")
    assert done.returncode == 1
    assert f"port {free_ports.inference} (inference) cannot be used" in done.stderr


def test_a_missing_wrk_is_named_with_its_package(tmp_path: Path) -> None:
    done = bench("--servers", "ours", path=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "apt install wrk" in done.stderr
