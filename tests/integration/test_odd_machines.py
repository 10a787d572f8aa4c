"""`scripts/serve.py` on machines that are set up in another way: it serves, or says what is in the way."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from model.locations import ROOT
from serving.settings import Ports
from serving.torchserve_log import JAVA_CRASH_LOG
from tests.drawing import draw_digit, encoded
from tests.installs import copy_repository

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

REQUEST_TIMEOUT_S = 10.0


def assert_reads_a_seven(service: Service) -> None:
    picture = encoded(draw_digit(7))
    response = requests.post(service.predictions_url, data=picture, timeout=REQUEST_TIMEOUT_S)
    assert (response.status_code, response.json()["label"]) == (200, "7")


def test_another_projects_modules_on_the_path_do_no_harm(start_service: ServiceStarter, another_project: Path) -> None:
    with start_service(environment={"PYTHONPATH": str(another_project)}) as service:
        assert_reads_a_seven(service)


def test_a_temporary_folder_with_a_long_name_does_no_harm(start_service: ServiceStarter, tmp_path: Path) -> None:
    long = tmp_path / ("x" * (119 - len(str(tmp_path))))
    long.mkdir()
    assert len(str(long)) == 120
    with start_service(environment={"TMPDIR": str(long)}) as service:
        assert_reads_a_seven(service)


@pytest.mark.parametrize("folder", ["über", "数字 7"])
def test_a_path_that_is_not_ascii_serves_in_the_c_locale(
    start_service: ServiceStarter, tmp_path: Path, folder: str
) -> None:
    root = copy_repository(tmp_path / folder / "repository")
    with start_service(root=root, name=f"{folder}/logs", environment={"LC_ALL": "C"}) as service:
        assert_reads_a_seven(service)


def run_limited(limit: str, ports: Ports, log_dir: Path) -> subprocess.CompletedProcess[str]:
    """Runs serve.py under a limit of the shell to its end, where a failure is expected."""
    command = [sys.executable, ROOT / "scripts" / "serve.py", f"--port={ports.inference}", f"--page-port={ports.page}"]
    line = shlex.join(map(str, [*command, f"--log-dir={log_dir}"]))
    return subprocess.run(["bash", "-c", f"ulimit {limit}; exec {line}"], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("files", [16, 64])
def test_a_low_limit_of_open_files_is_named_within_ten_seconds(free_ports: Ports, tmp_path: Path, files: int) -> None:
    started = time.monotonic()
    result = run_limited(f"-n {files}", free_ports, tmp_path / "logs")
    assert time.monotonic() - started < 10
    assert result.returncode == 1
    expected = f"error: the limit of {files} open files (ulimit -n) is too low for TorchServe; allow 1024"
    assert result.stderr.splitlines()[-1] == expected


@pytest.mark.parametrize("kilobytes", [1_000_000, 2_600_000])
def test_a_low_limit_of_address_space_is_named_and_what_is_named_is_there(
    free_ports: Ports, tmp_path: Path, kilobytes: int
) -> None:
    result = run_limited(f"-v {kilobytes}", free_ports, tmp_path / "logs")
    assert result.returncode == 1
    *lines, error = result.stderr.splitlines()
    assert f"the limit of {kilobytes // 1024} MB of address space (ulimit -v) is too low" in error
    assert any("allocate" in line or "memory" in line for line in lines), "Java's own words"
    assert all(Path(name).is_file() for line in lines for name in re.findall(r"/\S+\.log\b", line))


def test_the_report_of_a_java_that_crashes_outlives_the_run(start_service: ServiceStarter) -> None:
    with start_service() as service:
        service.descendant("org.pytorch.serve.ModelServer").send_signal(signal.SIGSEGV)
        assert service.process.wait(20) == 1
        report = service.log_dir / JAVA_CRASH_LOG
        assert "SIGSEGV" in report.read_text()
        assert str(report) in (service.log_dir / "stderr.txt").read_text()
