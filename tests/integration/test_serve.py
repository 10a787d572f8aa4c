"""`scripts/serve.py` with a real TorchServe: what it serves, and that every end of it is the end of all of it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests

from benchmarks.torchserve import repacked
from model.artifacts import sha256_of
from model.locations import ROOT
from release.archive import DEFAULT_ARCHIVE, build_archive, is_stale
from serving.settings import LOOPBACK, Ports, ServeError, check_ports_free
from tests.drawing import draw_digit, encoded
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

REQUEST_TIMEOUT_S = 10.0
RECOVERY_TIMEOUT_S = 10.0
END_TIMEOUT_S = 20.0


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A seven as PNG, dark ink on white paper."""
    return encoded(draw_digit(7))


@pytest.fixture(scope="session")
def archive() -> Path:
    """The archive as serve.py would build it."""
    return build_archive() if is_stale() else DEFAULT_ARCHIVE


def ask(service: Service, picture: bytes) -> requests.Response:
    return requests.post(service.predictions_url, data=picture, timeout=REQUEST_TIMEOUT_S)


def run_serve(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs serve.py to its end, where a failure is expected."""
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "serve.py", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def assert_one_line_of_failure(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    [line] = [line for line in result.stderr.splitlines() if not line.startswith(("building ", "  "))]
    assert line.startswith("error: ")
    return line


@pytest.fixture
def options(free_ports: Ports, tmp_path: Path) -> list[str]:
    return [f"--port={free_ports.inference}", f"--page-port={free_ports.page}", f"--log-dir={tmp_path / 'logs'}"]


# What it serves


def test_a_worker_answers_and_the_page_knows_where(service: Service, picture: bytes) -> None:
    config = requests.get(f"{service.page_url}/config.json", timeout=REQUEST_TIMEOUT_S).json()
    assert config == {"endpoint": service.api_url, "model": "mnist"}
    response = ask(service, picture)
    assert response.status_code == 200, response.text
    assert response.json()["label"] == "7"


def test_the_printed_curl_line_works(service: Service) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    [line] = [line for line in service.stdout.splitlines() if "curl " in line]
    command = shlex.split(line[line.index("curl ") :])
    done = subprocess.run([*command, "--silent", "--fail"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert '"label": "7"' in done.stdout


def test_it_listens_on_loopback_only(service: Service) -> None:
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in [psutil.Process(service.process.pid), *service.descendants()]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {LOOPBACK}


def test_models_cannot_be_registered_or_removed_over_http(service: Service) -> None:
    url = f"{service.management_url}/models"
    assert requests.post(url, params={"url": "mnist.mar"}, timeout=REQUEST_TIMEOUT_S).status_code == 405
    assert requests.delete(f"{url}/mnist", timeout=REQUEST_TIMEOUT_S).status_code == 405


def test_requests_are_not_logged(service: Service, picture: bytes) -> None:
    def logged() -> int:
        return sum(file.stat().st_size for file in service.log_dir.iterdir())

    ask(service, picture)
    before = logged()
    for _ in range(5):
        assert ask(service, picture).status_code == 200
    assert logged() == before


def test_a_killed_worker_comes_back_while_requests_arrive(service: Service, picture: bytes) -> None:
    stopping = threading.Event()

    def keep_asking() -> None:
        while not stopping.is_set():
            ask(service, picture)

    askers = [threading.Thread(target=keep_asking) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        workers = service.workers()
        for worker in workers:
            worker.kill()
        psutil.wait_procs(workers, timeout=5)
        killed = time.monotonic()
        while (response := ask(service, picture)).status_code != 200:
            assert time.monotonic() - killed < RECOVERY_TIMEOUT_S, response.text
            time.sleep(0.1)
        assert time.monotonic() - killed < RECOVERY_TIMEOUT_S
    finally:
        stopping.set()
        for asker in askers:
            asker.join()
    assert response.json()["label"] == "7"


# Every way to end


def run_folder_of(service: Service) -> Path:
    command = service.descendant("serving.torchserve_guard").cmdline()
    return Path(command[command.index("serving.torchserve_guard") + 1])


def press_ctrl_c_twice(service: Service) -> None:
    service.process.send_signal(signal.SIGINT)
    time.sleep(0.3)  # as a person does who is in a hurry
    service.process.send_signal(signal.SIGINT)


ENDS: dict[str, tuple[Callable[[Service], None], int]] = {
    "Ctrl-C, twice": (press_ctrl_c_twice, 0),
    "SIGTERM": (lambda service: service.process.terminate(), 0),
    "a closed terminal": (lambda service: service.process.send_signal(signal.SIGHUP), 0),
    "SIGKILL of serve.py": (lambda service: service.process.kill(), -signal.SIGKILL),
    "SIGKILL of the JVM": (lambda service: service.descendant("org.pytorch.serve.ModelServer").kill(), 1),
    "SIGKILL of the guard": (lambda service: service.descendant("serving.torchserve_guard").kill(), 1),
}


@pytest.mark.parametrize("end", ENDS)
def test_every_end_of_one_part_is_the_end_of_all(start_service: ServiceStarter, picture: bytes, end: str) -> None:
    act, expected_status = ENDS[end]
    with start_service() as service:
        assert ask(service, picture).status_code == 200
        folder, processes = run_folder_of(service), service.descendants()
        assert folder.is_dir() and len(processes) >= 4  # guard, launcher, JVM and at least one worker
        act(service)
        assert service.process.wait(END_TIMEOUT_S) == expected_status
        _, alive = psutil.wait_procs(processes, timeout=END_TIMEOUT_S)
        assert not alive
        assert wait_until(lambda: are_free(service.ports))
        assert wait_until(lambda: not folder.exists())
        errors = [line for line in (service.log_dir / "stderr.txt").read_text().splitlines() if "error" in line]
        assert len(errors) == (1 if expected_status == 1 else 0), errors


def are_free(ports: Ports) -> bool:
    try:
        check_ports_free(ports, with_page=True)
    except ServeError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + END_TIMEOUT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_crash_of_the_page_ends_everything(free_ports: Ports, options: list[str]) -> None:
    crashing_page = (
        "from scripts import serve\n"
        "from serving import uvicorn_thread\n"
        "uvicorn_thread.uvicorn.Server.on_tick = lambda self, counter: 1 / 0\n"
        "serve.run(serve.main)"
    )
    command = [sys.executable, "-c", crashing_page, *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=90, cwd=ROOT)
    assert result.returncode == 1
    assert "Ready after" in result.stdout
    assert result.stderr.splitlines()[-1].startswith("error: the page's server has ended unexpectedly")
    assert are_free(free_ports)


def test_two_servers_run_side_by_side(service: Service, start_service: ServiceStarter, picture: bytes) -> None:
    with start_service("--no-page") as other:
        assert ask(other, picture).status_code == ask(service, picture).status_code == 200
        assert other.log_dir != service.log_dir
        with pytest.raises(requests.ConnectionError):
            requests.get(other.page_url, timeout=REQUEST_TIMEOUT_S)
    assert ask(service, picture).status_code == 200


# What an operator can get wrong


def test_a_taken_page_port_is_one_line(free_ports: Ports, options: list[str]) -> None:
    with socket.create_server((LOOPBACK, free_ports.page)):
        line = assert_one_line_of_failure(run_serve(*options))
    assert f"port {free_ports.page} (page)" in line and f"pid {os.getpid()}" in line and "--page-port" in line


def test_a_taken_grpc_port_is_one_line(free_ports: Ports, options: list[str]) -> None:
    with socket.create_server((LOOPBACK, free_ports.grpc_management)):
        line = assert_one_line_of_failure(run_serve(*options))
    assert f"port {free_ports.grpc_management} (grpc management)" in line


def test_a_truncated_archive_is_one_line(archive: Path, tmp_path: Path, options: list[str]) -> None:
    broken = tmp_path / "broken.mar"
    broken.write_bytes(archive.read_bytes()[:5000])
    assert str(broken) in assert_one_line_of_failure(run_serve(f"--archive={broken}", *options))


def test_a_missing_archive_is_one_line(tmp_path: Path, options: list[str]) -> None:
    line = assert_one_line_of_failure(run_serve(f"--archive={tmp_path / 'none.mar'}", *options))
    assert "none.mar" in line and "make archive" in line


def test_an_archive_of_another_digest_is_one_line(archive: Path, options: list[str]) -> None:
    digest = "0" * 64
    line = assert_one_line_of_failure(run_serve(f"--archive={archive}", f"--digest=sha256:{digest}", *options))
    assert f"{archive} has SHA-256 {sha256_of(archive)}, not the {digest} that was asked for" in line


def test_an_archive_with_its_digest_is_served_whatever_becomes_of_its_file(
    archive: Path, tmp_path: Path, picture: bytes, start_service: ServiceStarter
) -> None:
    own = tmp_path / "own.mar"  # without a digest beside it
    shutil.copyfile(archive, own)
    with start_service("--no-page", f"--archive={own}", f"--digest=sha256:{sha256_of(own)}") as service:
        own.write_bytes(b"another")
        for worker in service.workers():
            worker.kill()
        eventually(lambda: ask(service, picture).status_code == 200)


def test_a_bad_java_home_is_one_line(options: list[str]) -> None:
    line = assert_one_line_of_failure(run_serve(*options, JAVA_HOME="/nowhere"))
    assert "JAVA_HOME is /nowhere" in line and "17 or newer" in line


def test_a_log_folder_that_cannot_be_made_is_one_line(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "file").touch()
    line = assert_one_line_of_failure(run_serve(*options, f"--log-dir={tmp_path / 'file' / 'logs'}"))
    assert str(tmp_path / "file" / "logs") in line


def test_a_worker_that_is_too_slow_is_one_line_and_ends_everything(free_ports: Ports, options: list[str]) -> None:
    line = assert_one_line_of_failure(run_serve(*options, "--timeout-s=0.3"))
    assert "no worker was ready within 0.3 s" in line and "--timeout-s" in line
    assert are_free(free_ports)


def test_a_model_that_does_not_load_ends_the_start_with_its_traceback(
    archive: Path, tmp_path: Path, free_ports: Ports, options: list[str]
) -> None:
    handler = "raise RuntimeError('the handler is broken')"
    broken = repacked(archive, {"digit_handler.py": handler}, tmp_path / "broken.mar")
    started = time.monotonic()
    result = run_serve(f"--archive={broken}", *options)
    assert result.returncode == 1
    assert time.monotonic() - started < 60  # well before the 120 s it would wait for a slow worker
    assert "RuntimeError: the handler is broken" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: the worker cannot load the model")
    assert are_free(free_ports)
