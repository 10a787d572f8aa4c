"""The engine without TorchServe: what its processes do when one ends, and what it needs of TorchServe (nothing)."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests

from benchmarks.processes import find_free_ports
from benchmarks.torchserve import repacked
from model.locations import ROOT
from release.archive import build_archive
from tests.drawing import draw_digit, encoded
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

TIMEOUT_S = 30
SEVEN = encoded(draw_digit(7))
ENGINE = "--engine=starlette"


def test_nothing_of_torchserve_is_imported() -> None:
    """By the front, and by what a worker imports from the archive."""
    code = (
        "import serving.starlette_engine.__main__, handler.answering, sys; "
        "print([name for name in sys.modules if name.split('.')[0] in ('ts', 'model_archiver')])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_requests_are_lost_by_no_worker_that_is_killed(starlette_service: Service) -> None:
    """What a dead worker held is answered by another."""
    killed = 0

    def ask(_: int) -> int:
        return requests.post(starlette_service.predictions_url, data=SEVEN, timeout=TIMEOUT_S).status_code

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(600)]
        while killed < 4 and not all(one.done() for one in asked):
            eventually(lambda: len(starlette_service.workers()) == 2)
            starlette_service.workers()[0].kill()
            killed += 1
            time.sleep(0.3)
        assert [one.result() for one in asked] == [200] * 600
    assert killed == 4
    eventually(lambda: len(starlette_service.workers()) == 2)


def test_the_front_killed_ends_everything(start_service: ServiceStarter) -> None:
    with start_service(ENGINE, "--no-page") as service:
        processes = service.descendants()
        [front] = [one for one in processes if one.cmdline()[1:3] == ["-m", "serving.starlette_engine"]]
        front.kill()
        assert service.process.wait(TIMEOUT_S) == 1
        gone, alive = psutil.wait_procs(processes, TIMEOUT_S)
        assert len(gone) >= 4 and not alive
        assert "the server has ended unexpectedly" in (service.log_dir / "stderr.txt").read_text()


@pytest.mark.parametrize(
    ("replaced", "told"),
    [
        ({"handler/answering.py": "raise ValueError('of another time')"}, "ValueError: of another time"),
        ({"handler/answering.py": "import os; os.abort()"}, "the server has ended while starting"),
        ({"model-config.yaml": "minWorkers: many"}, "cannot be served"),
    ],
    ids=["a handler that fails", "a handler that crashes", "broken settings"],
)
def test_an_archive_that_cannot_be_loaded_is_told_with_its_reason(
    tmp_path: Path, replaced: dict[str, str], told: str
) -> None:
    archive = repacked(build_archive(tmp_path / "mnist.mar"), replaced, tmp_path / "broken.mar")
    port = find_free_ports().inference
    command = [sys.executable, "scripts/serve.py", ENGINE, "--no-page", f"--port={port}", f"--archive={archive}"]
    result = subprocess.run(
        [*command, f"--log-dir={tmp_path / 'logs'}"], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S * 2
    )
    assert result.returncode == 1
    assert told in result.stderr


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/predictions/other", 404, "ModelNotFoundException"),
        ("/predictions/mnist/9.9", 404, "ModelVersionNotFoundException"),
        ("/v2/models/other/infer", 404, "ModelNotFoundException"),
        ("/nothing", 404, "ResourceNotFoundException"),
    ],
)
def test_what_is_not_there_is_told_as_torchserve_does(
    starlette_service: Service, service: Service, path: str, status: int, kind: str
) -> None:
    ours, theirs = (
        requests.post(one.api_url + path, data=SEVEN, timeout=TIMEOUT_S) for one in (starlette_service, service)
    )
    for answer in (ours, theirs):
        assert (answer.status_code, answer.json()["code"], answer.json()["type"]) == (status, status, kind)
    assert ours.json()["message"] == theirs.json()["message"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v2", {"name": "starlette", "version": "1.0", "extensions": ["binary_tensor_data"]}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/mnist/versions/1.0/ready", {"name": "mnist", "ready": True}),
        ("/v1/models/mnist", {"name": "mnist", "ready": True}),
    ],
)
def test_the_state_is_told_at_the_protocols_own_paths(
    starlette_service: Service, path: str, answer: dict[str, object]
) -> None:
    response = requests.get(starlette_service.api_url + path, timeout=TIMEOUT_S)
    assert (response.status_code, response.json()) == (200, answer)


def test_the_same_metrics_are_kept_as_by_torchserve(starlette_service: Service, service: Service) -> None:
    """Every series of ours that TorchServe has, by its name and labels, once both have been asked the same."""

    def series(one: Service) -> set[tuple[str, tuple[str, ...]]]:
        for body in (SEVEN, b"no picture"):
            requests.post(one.predictions_url, data=body, timeout=TIMEOUT_S)
        found = set()
        for line in requests.get(f"{one.metrics_url}/metrics", timeout=TIMEOUT_S).text.splitlines():
            if not line.startswith("#"):
                name, _, rest = line.partition("{")
                labels = sorted(part.partition("=")[0] for part in rest.partition("}")[0].split('",'))
                found.add((name, tuple(label for label in labels if label)))
        return found

    wanted = {"ts_inference_requests_total", "digit_requests_total", "QueueTime_sum", "Requests4XX", "WorkerLoadTime"}
    eventually(lambda: wanted <= {name for name, _ in series(service)})
    ours, theirs = series(starlette_service), series(service)
    assert wanted <= {name for name, _ in ours}
    assert {one for one in theirs if one not in ours} == set()
