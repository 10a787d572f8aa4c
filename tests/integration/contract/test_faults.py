"""What goes wrong in a server's life: killed workers, overload, long use, and a stop in the middle of work."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
import yaml

from benchmarks.torchserve import repacked
from release.archive import CONFIG, build_archive
from serving.endurance import Endurance
from serving.engines import ENGINES
from serving.settings import LOOPBACK
from tests.drawing import DIGITS, draw_digit, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Service, ServiceStarter

TIMEOUT_S = 30
CONNECTIONS = 1000
PICTURES = [encoded(draw_digit(digit)) for digit in DIGITS]


def ready_workers(service: Service) -> set[int]:
    """Process ids of the workers that answer."""
    [model] = requests.get(f"{service.management_url}/models/mnist", timeout=TIMEOUT_S).json()
    return {worker["pid"] for worker in model["workers"] if worker["status"] == "READY"}


def all_workers(service: Service) -> set[int]:
    """Process ids of the workers once all of them answer: the service is up as soon as one does."""
    [model] = requests.get(f"{service.management_url}/models/mnist", timeout=TIMEOUT_S).json()
    started = time.monotonic()
    while len(ready := ready_workers(service)) < model["minWorkers"]:
        assert time.monotonic() - started < TIMEOUT_S
        time.sleep(0.05)
    return ready


def test_a_worker_killed_under_load_is_back_and_only_what_it_held_fails(service: Service) -> None:
    stopping = threading.Event()
    statuses: list[int] = []

    def keep_asking(digit: int) -> None:
        """A wrong answer fails the test."""
        while not stopping.is_set():
            response = requests.post(service.predictions_url, data=PICTURES[digit], timeout=TIMEOUT_S)
            statuses.append(response.status_code)
            assert response.json().get("label", str(digit)) == str(digit)
            assert response.status_code == 200 or response.json()["code"] == response.status_code

    before = all_workers(service)
    with ThreadPoolExecutor(8) as pool:
        askers = [pool.submit(keep_asking, digit) for digit in range(8)]
        try:
            killed = time.monotonic()
            victim = min(before)
            psutil.Process(victim).kill()
            while victim in (ready := ready_workers(service)) or len(ready) < len(before) or len(statuses) < 100:
                assert time.monotonic() - killed < TIMEOUT_S
                time.sleep(0.05)
        finally:
            stopping.set()
    for asker in askers:
        asker.result()
    failed = [status for status in statuses if status != 200]
    assert all(status >= 500 for status in failed)  # a client may ask again after a 5xx
    assert len(failed) <= 8  # at most one in hand for each of the askers


def test_a_request_gathered_for_a_dying_worker_is_answered(start_service: ServiceStarter, tmp_path: Path) -> None:
    """TorchServe forgets it where the worker's connection ends. Here it gathers for 400 ms; the worker dies at 100."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    slow = yaml.safe_dump(config | {"maxBatchDelay": 400, "minWorkers": 1, "maxWorkers": 1})
    archive = repacked(build_archive(tmp_path / "mnist.mar"), {CONFIG.name: slow}, tmp_path / "slow.mar")
    with start_service("--no-page", f"--archive={archive}") as service, ThreadPoolExecutor(1) as pool:
        worker = psutil.Process(min(all_workers(service)))
        worker.suspend()
        asked = pool.submit(requests.post, service.predictions_url, data=PICTURES[7], timeout=TIMEOUT_S)
        time.sleep(0.1)
        worker.kill()
        response = asked.result()
    assert (response.status_code, response.json()["code"]) == (507, 507)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Lets this process hold a thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def ask_at_once(port: int, connections: int) -> list[tuple[int, bytes, float]]:
    """Send a request on each of many connections in the same moment; status, body and seconds of each answer."""
    streams = [await asyncio.open_connection(LOOPBACK, port) for _ in range(connections)]
    started = time.monotonic()

    async def ask(number: int) -> tuple[int, bytes, float]:
        reader, writer = streams[number]
        body = PICTURES[number % 10]
        head = f"POST /predictions/mnist HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        content = await reader.readexactly(length)
        writer.close()
        return int(answer[9:12]), content, time.monotonic() - started

    return await asyncio.wait_for(asyncio.gather(*(ask(number) for number in range(connections))), TIMEOUT_S)


@pytest.mark.usefixtures("many_files")
def test_a_thousand_connections_at_once_are_answered_right_or_refused_at_once(service: Service) -> None:
    with ThreadPoolExecutor(1) as thread:  # the browser's tests leave an event loop running in this one
        answers = thread.submit(asyncio.run, ask_at_once(service.ports.inference, CONNECTIONS)).result()
    for number, (status, body, _) in enumerate(answers):
        answer = json.loads(body)
        assert status in (200, 503)
        assert answer.get("label", str(number % 10)) == str(number % 10)
        assert status == 200 or (answer["code"], answer["type"]) == (503, "ServiceUnavailableException")
    statuses = Counter(status for status, _, _ in answers)
    assert statuses[200] >= 512  # as many as the queue holds
    refused, served = ([seconds for status, _, seconds in answers if status == code] for code in (503, 200))
    assert max(refused, default=0) <= max(served)  # nobody waits to be refused
    for digit in DIGITS:  # and all is well again
        response = requests.post(service.predictions_url, data=PICTURES[digit], timeout=TIMEOUT_S)
        assert response.json()["label"] == str(digit)


def test_memory_and_open_files_stay_flat(torchserve_service: Service) -> None:
    endurance = Endurance(torchserve_service.api_url, torchserve_service.management_url, clients=8)
    endurance.run(1500)  # caches fill, the JVM's compiler allocates
    before = endurance.measure()
    endurance.run(3000)
    after = endurance.measure()
    assert endurance.wrong == 0
    assert after.worker_bytes - before.worker_bytes < 8 * 2**20
    assert after.open_files <= before.open_files + 10


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stop_lets_requests_under_way_finish(start_service: ServiceStarter, engine: str) -> None:
    """Each takes most of a second: 16 explanations."""
    body = {"instances": [base64.b64encode(PICTURES[i % 10]).decode() for i in range(16)]}
    with start_service("--no-page", f"--engine={engine}") as service, ThreadPoolExecutor(4) as pool:
        url = f"{service.api_url}/explanations/mnist"
        asked = [pool.submit(requests.post, url, json=body, timeout=TIMEOUT_S) for _ in range(4)]
        workers = [psutil.Process(pid) for pid in ready_workers(service)]
        before = [worker.cpu_times().user for worker in workers]
        deadline = time.monotonic() + TIMEOUT_S
        while all(worker.cpu_times().user < was + 0.1 for worker, was in zip(workers, before, strict=True)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert not any(answer.done() for answer in asked)
        service.process.send_signal(signal.SIGTERM)
        answers = [answer.result() for answer in asked]
        assert service.process.wait(TIMEOUT_S) == 0
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [result["label"] for result in answers[0].json()["predictions"]] == [str(i % 10) for i in range(16)]
