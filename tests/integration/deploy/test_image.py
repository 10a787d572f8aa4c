"""The image, built and run: confined, healthy by a real prediction, asked through the gateway, stopped in order."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from release.archive import build_archive
from serving.settings import SAMPLE
from tests.integration.deploy.containers import BASE, address_of, build, is_healthy, podman, require_containers, running
from tests.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

START_TIMEOUT_S = 120
TIMEOUT_S = 60
REQUESTS, PICTURES = 4, 16
NAME = f"digits-test-{uuid.uuid4().hex[:8]}"
"""Of this run: containers, volumes and image."""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("image")
    require_containers(folder)
    tag = f"localhost/{NAME}"
    build(tag, folder)
    yield tag
    for volume in podman("volume", "ls", "--quiet", "--filter", f"name={NAME}").split():
        podman("volume", "rm", volume)
    podman("rmi", "--force", tag, BASE)


@pytest.fixture(scope="module")
def node(image: str) -> Iterator[str]:
    """A node that is healthy, by the check of the image itself."""
    with running(f"{NAME}-node", image, "node") as container:
        wait_until_healthy(container)
        yield container


def wait_until_healthy(container: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_healthy(container):
        is_running = podman("inspect", "--format", "{{.State.Running}}", container) == "true"
        assert is_running and time.monotonic() < deadline, logs(container)
        time.sleep(0.5)


def logs(container: str) -> str:
    """What a container has said, on stderr too."""
    return subprocess.run(["podman", "logs", container], capture_output=True, text=True).stderr


def predict(container: str) -> str:
    url = f"http://{address_of(container)}:8080/predictions/mnist"
    answer = requests.post(url, data=SAMPLE.read_bytes(), timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["label"])


def test_it_holds_the_same_archive_as_make_archive_packs(image: str, node: str, tmp_path: Path) -> None:
    podman("cp", f"{node}:/digits/model_store/mnist.mar", str(tmp_path / "inside.mar"))
    assert (tmp_path / "inside.mar").read_bytes() == build_archive(tmp_path / "own.mar").read_bytes()


def test_it_holds_what_serves_and_nothing_else(node: str) -> None:
    held = set(podman("exec", node, "ls", "-A", "/digits").split())
    assert held >= {"handler", "model", "scripts", "serving", "static_client", "config.properties", "model_store"}
    assert not held & {".git", ".venv", "benchmarks", "docs", "logs", "runs"}
    assert podman("exec", node, "sh", "-c", "find /digits/tests -type f") == "/digits/tests/data/seven.png"


def test_a_node_is_confined(node: str) -> None:
    assert podman("exec", node, "sh", "-c", "id -u; id -g") == "10001\n10001"
    status = dict(line.split(":\t", 1) for line in podman("exec", node, "cat", "/proc/1/status").splitlines())
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    for folder in ("/", "/digits", "/venv", "/state"):
        assert podman("exec", node, "sh", "-c", f"touch {folder}/x 2>/dev/null || echo refused") == "refused"


def test_a_node_reads_a_picture(node: str) -> None:
    assert predict(node) == "7"


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # its certificate is for loopback
def test_the_gateway_finds_the_node_and_asks_for_a_key(image: str, node: str) -> None:
    follow = running(f"{NAME}-follow", image, "follow", f"--add-host=node:{address_of(node)}")
    with follow as following:
        wait_until_healthy(following)
        with running(f"{NAME}-gateway", image, "gateway") as gateway:
            wait_until_healthy(gateway)
            url = f"https://{address_of(gateway)}:8443/predictions/mnist"
            assert requests.post(url, data=SAMPLE.read_bytes(), verify=False, timeout=TIMEOUT_S).status_code == 401  # noqa: S501
            keys = json.loads(podman("exec", gateway, "cat", "/state/keys.json"))["keys"]
            sent = {"Authorization": f"Bearer {keys[0]['secret']}"}
            answer = requests.post(url, data=SAMPLE.read_bytes(), headers=sent, verify=False, timeout=TIMEOUT_S)  # noqa: S501
            assert (answer.status_code, answer.json()["label"]) == (200, "7")
            assert "envoy" in requests.get(f"http://{address_of(gateway)}:8444/metrics", timeout=TIMEOUT_S).text
            assert keys[0]["secret"] not in podman("logs", gateway) + logs(gateway)
            assert stopped(gateway) == 0


def stopped(container: str) -> int:
    """Stop a container; its exit status. SIGTERM first, and SIGKILL, whose status is 137, after 75 s."""
    podman("stop", "--time", "75", container, timeout_s=90)
    return int(podman("inspect", "--format", "{{.State.ExitCode}}", container))


def used_s(container: str) -> float:
    """The processor time of all that runs in a container now, in seconds."""
    first = psutil.Process(int(podman("inspect", "--format", "{{.State.Pid}}", container)))
    return sum(one.cpu_times().user for one in [first, *first.children(recursive=True)])


def test_a_node_that_is_stopped_answers_what_it_holds(image: str) -> None:
    picture = {"data": base64.b64encode(SAMPLE.read_bytes()).decode()}
    body = json.dumps({"instances": [picture] * PICTURES})
    with running(f"{NAME}-stopped", image, "node") as container, ThreadPoolExecutor(REQUESTS) as pool:
        wait_until_healthy(container)
        url, before = f"http://{address_of(container)}:8080/explanations/mnist", used_s(container)
        asked = [pool.submit(requests.post, url, data=body, timeout=TIMEOUT_S) for _ in range(REQUESTS)]
        eventually(lambda: used_s(container) > before + 0.1)
        assert not any(answer.done() for answer in asked)
        assert stopped(container) == 0
        for answer in asked:
            assert [one["label"] for one in answer.result().json()["predictions"]] == ["7"] * PICTURES
