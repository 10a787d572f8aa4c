"""Versions behind the gateway: promoted, tried, refused and taken back while clients ask, and nothing is lost."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest
import requests

from benchmarks.faults.gateway_process import GatewayProcess, free_node_port, running_gateway
from release.versions.registry import Registry
from tests.integration.gateway.conftest import session_of
from tests.integration.versions import SEVEN, asking, registry_with, run
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(300)
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Used by the gateway and the command line, too."""
    with registry_with(tmp_path_factory.mktemp("state"), "1.1", "1.2") as opened:
        yield opened


@pytest.fixture(scope="module")
def gateway(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Two nodes that follow the registry."""
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(folder, "--nodes=2", f"--node-port={free_node_port(2)}", "--requests-per-s=100000") as running:
        yield running


def served_by(gateway: GatewayProcess, path: str = "/predictions/mnist") -> str:
    answer = session_of(gateway).post(gateway.url + path, data=SEVEN, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["version"])


def test_a_version_is_promoted_and_taken_back_and_nothing_is_lost(gateway: GatewayProcess, registry: Registry) -> None:
    with asking(gateway.predictions_url) as asked:
        promoted = run("promote", "1.1")
        assert promoted.returncode == 0, promoted.stderr
        assert "version 1.1 is champion; served by 1 after" in promoted.stdout
        assert served_by(gateway) == "1.1"
        assert served_by(gateway, "/predictions/mnist/1.0") == "1.0"
        taken_back = json.loads(run("--json", "rollback").stdout)
        assert taken_back["deployment"]["champion"] == "1.0"
        assert served_by(gateway) == "1.0"
    assert (set(asked.versions), asked.lost) == ({"1.0", "1.1"}, {})


def test_the_open_inference_protocol_names_any_version_that_is_loaded(gateway: GatewayProcess) -> None:
    picture = base64.b64encode(SEVEN).decode()
    body = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [picture]}]}
    session = session_of(gateway)
    for version in ("1.0", "1.1"):
        url = f"{gateway.url}/v2/models/mnist/versions/{version}"
        assert session.get(f"{url}/ready", timeout=TIMEOUT_S).status_code == 200
        answer = session.post(f"{url}/infer", json=body, timeout=TIMEOUT_S)
        assert answer.json()["model_version"] == version
    unknown = session.get(f"{gateway.url}/v2/models/mnist/versions/7/ready", timeout=TIMEOUT_S)
    assert (unknown.status_code, "no version '7'" in unknown.json()["error"]) == (404, True)


def test_a_version_that_the_nodes_cannot_load_is_refused_and_the_champion_serves_on(
    gateway: GatewayProcess, registry: Registry
) -> None:
    with asking(gateway.predictions_url) as asked:
        refused = run("promote", "unservable")
        assert refused.returncode == 1
        assert "version unservable is refused, 1.0 serves on" in refused.stderr
        assert "this handler is no server's" in refused.stderr
        assert registry.deployment().champion == "1.0"
        eventually(lambda: all(server.change == registry.deployment().change for server in registry.servers()))
    assert (set(asked.versions), asked.lost) == ({"1.0"}, {})


def test_a_trial_answers_its_share_and_is_compared(gateway: GatewayProcess, registry: Registry) -> None:
    assert run("try", "1.2", "--share=30").returncode == 0
    with session_of(gateway) as session:
        answers = [session.post(gateway.predictions_url, data=SEVEN, timeout=TIMEOUT_S).json() for _ in range(300)]
    by_trial = sum(answer["version"] == "1.2" for answer in answers)
    assert 50 <= by_trial <= 130  # 90 on average; outside of this once in a million trials
    change = registry.deployment().change
    eventually(lambda: registry.trial_figures(change).get("asked", 0) >= 10)
    figures = registry.trial_figures(change)
    assert figures["agreed"] == figures["asked"]
    assert (figures["champion"]["version"], figures["trial"]["version"]) == ("1.0", "1.2")
    assert figures["trial"]["p50_ms"] > 0
    assert "On trial: 1.2, which answers 30 % of the requests." in run().stdout
    metrics = requests.get(f"{gateway.metrics_url}/trial", timeout=TIMEOUT_S).text
    assert float(re.search(r'trial_pictures_total\{agreed="yes"\} (\S+)', metrics)[1]) >= 10  # type: ignore[index]
    assert run("drop").returncode == 0
    with session_of(gateway) as session:
        answers = [session.post(gateway.predictions_url, data=SEVEN, timeout=TIMEOUT_S).json() for _ in range(50)]
    assert {answer["version"] for answer in answers} == {"1.0"}


def test_a_node_that_was_down_comes_up_with_the_champion(gateway: GatewayProcess, registry: Registry) -> None:
    gateway.nodes()[0].kill()
    promoted = run("promote", "1.1")
    assert promoted.returncode == 0, promoted.stderr
    gateway.wait_until_healthy(2)
    assert {served_by(gateway) for _ in range(20)} == {"1.1"}
    session = session_of(gateway)
    assert session.get(f"{gateway.url}/model.json", timeout=TIMEOUT_S).json()["version"] == "1.1"
