"""Fixtures shared by all tests: a real server on free ports, and the folder of the real data."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from xdist.scheduler import LoadScopeScheduling

from benchmarks.processes import find_free_ports, stop, wait_until_ready
from model.errors import OperatorError
from model.locations import ROOT
from serving.settings import LOOPBACK, Ports

START_TIMEOUT_S = 100.0
STOP_TIMEOUT_S = 25.0
TIMEOUT_S = 30.0


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """Says what stays in one process where several run the suite: each file of unit tests, and all others together.

    The others start servers and browsers and look at the whole machine.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith("tests/unit/") else "servers"


PARTS = {
    "tests/integration/gateway": "gateway and faults",
    "tests/integration/documents/test_walkthrough": "notebook",
    "tests/integration": "integration",
    "tests/e2e": "page",
    "tests/page": "page",
    "tests/unit": "unit",
}
"""Parts of the suite by the beginning of a test's name; the first that fits."""

seconds: defaultdict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what each part of the suite takes; what starts a shared server counts where it is first used."""
    part = next((part for start, part in PARTS.items() if report.nodeid.startswith(start)), "others")
    seconds[part] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell it, for the bounds in .ci/run."""
    told = ", ".join(f"{part} {taken / 60:.1f}" for part, taken in sorted(seconds.items()))
    terminalreporter.write_line(f"Minutes: {told}")


def pytest_configure() -> None:
    """Let no test see the registry of versions that this checkout may have."""
    os.environ["DIGITS_STATE"] = "/nonexistent/of-the-tests"
    os.environ.pop("DATABASE_URL", None)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    """pytest-xdist asks for it where `--numprocesses` is above 0."""
    return ByFolder(config, log)


@dataclass(frozen=True)
class Service:
    """One running `scripts/serve.py` with all that it started."""

    process: subprocess.Popen[bytes]
    ports: Ports
    log_dir: Path
    stdout: str

    @property
    def api_url(self) -> str:
        return self.ports.api_url

    @property
    def management_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.management}"

    @property
    def metrics_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.metrics}"

    @property
    def page_url(self) -> str:
        return self.ports.page_url

    @property
    def predictions_url(self) -> str:
        return f"{self.api_url}/predictions/mnist"

    def descendants(self) -> list[psutil.Process]:
        """The guard, TorchServe's launcher, the JVM, the fork server and the workers with what started them."""
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def workers(self) -> list[psutil.Process]:
        """The workers that TorchServe knows of, ready or not."""
        [model] = requests.get(f"{self.management_url}/models/mnist", timeout=TIMEOUT_S).json()
        return [psutil.Process(worker["pid"]) for worker in model["workers"] if worker["pid"] > 0]

    def descendant(self, *words: str) -> psutil.Process:
        """The one whose command line has all these words."""
        [found] = [p for p in self.descendants() if all(word in " ".join(p.cmdline()) for word in words)]
        return found


ServiceStarter = Callable[..., contextlib.AbstractContextManager[Service]]


def start(log_dir: Path, *arguments: str, root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Service:
    """Starts `scripts/serve.py` of the repository in `root` on free ports; returns when it says that it is ready."""
    ports = find_free_ports()
    log_dir.mkdir(parents=True, exist_ok=True)
    stdout, stderr = log_dir / "stdout.txt", log_dir / "stderr.txt"
    # As from a terminal, even where nohup or a shell's background ignore these signals for all that they start.
    unignored = ["env", "--default-signal=HUP,INT"]
    serve = root / "scripts" / "serve.py"
    command = [*unignored, sys.executable, str(serve), f"--port={ports.inference}", f"--page-port={ports.page}"]
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(
            [*command, f"--log-dir={log_dir}", *arguments],
            stdout=out,
            stderr=err,
            cwd=root,
            env={**os.environ, **(environment or {})},
        )
    try:
        wait_until_ready(process, stdout, stderr, START_TIMEOUT_S)
    except OperatorError:
        stop(process, STOP_TIMEOUT_S)
        raise
    return Service(process, ports, log_dir, stdout.read_text())


@contextlib.contextmanager
def running_service(
    log_dir: Path, *arguments: str, root: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A server for the length of a `with` block; nothing of it is left behind, not even by a failing test."""
    service = start(log_dir, *arguments, root=root, environment=environment)
    started = service.descendants()
    try:
        yield service
    finally:
        alive = stop(service.process, STOP_TIMEOUT_S, started)
        assert not alive, f"left running: {alive}"


@pytest.fixture(scope="session")
def torchserve_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The shared TorchServe; do not stop or reconfigure it."""
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running
    assert running.process.returncode == 0


@pytest.fixture(scope="session")
def starlette_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The shared server that runs without TorchServe; do not stop or reconfigure it."""
    with running_service(tmp_path_factory.mktemp("starlette"), "--engine=starlette") as running:
        yield running
    assert running.process.returncode == 0


@pytest.fixture(scope="session")
def service(torchserve_service: Service) -> Service:
    """The one server that most tests share; do not stop or reconfigure it."""
    return torchserve_service


@pytest.fixture
def start_service(tmp_path: Path) -> ServiceStarter:
    """Starts a server of the test's own: `with start_service() as service`, with options of serve.py and variables."""

    def starter(
        *arguments: str, name: str = "logs", root: Path = ROOT, environment: Mapping[str, str] | None = None
    ) -> contextlib.AbstractContextManager[Service]:
        return running_service(tmp_path / name, *arguments, root=root, environment=environment)

    return starter


@pytest.fixture
def free_ports() -> Ports:
    """Ports that nobody uses, for a server that a test starts itself."""
    return find_free_ports()


@pytest.fixture
def another_project(tmp_path: Path) -> Path:
    """A folder with modules named as our rooms, which fail on import."""
    return write_another_project(tmp_path / "another project")


def write_another_project(folder: Path) -> Path:
    """Write modules named as our rooms, which fail on import, into a new folder."""
    folder.mkdir()
    for name in ("handler", "model", "release", "scripts", "serving"):
        (folder / f"{name}.py").write_text(f"raise RuntimeError('{name} of another project')")
    return folder


@pytest.fixture(scope="session")
def learner_sets(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what learners rehearse and judge on; seconds to draw, where the real ones take minutes."""
    from learner.sets import keep_sets  # slow to import
    from tests.small_sets import judging_sets

    folder = tmp_path_factory.mktemp("sets")
    keep_sets(judging_sets(data_root), folder)
    return folder


@pytest.fixture
def learner_state(learner_sets: Path, tmp_path: Path) -> Path:
    """A state folder for one learner, with these sets."""
    folder = tmp_path / "state"
    shutil.copytree(learner_sets, folder)
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder with MNIST and the pen strokes; tests that need them are skipped where one is absent."""
    root = Path(os.environ.get("DIGITS_DATA") or "data").resolve()
    for part in ("MNIST/raw", "pendigits"):
        if not (root / part).is_dir():
            pytest.skip(f"no {part} in {root}: set DIGITS_DATA to the folder that holds it")
    return root
