"""One TorchServe whose versions change while it runs, and what it refuses meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from release.versions.registry import Registry
from tests.conftest import Service, ServiceStarter, running_service
from tests.integration.versions import SEVEN, asking, registry_with, run
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(300)
TIMEOUT_S = 20


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_with(tmp_path_factory.mktemp("state"), "1.1") as opened:
        yield opened


@pytest.fixture(scope="module")
def service(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("live"), "--versions") as running:
        yield running


def loaded(service: Service) -> set[str]:
    models = requests.get(f"{service.management_url}/models/mnist/all", timeout=TIMEOUT_S).json()
    return {model["modelVersion"] for model in models}


def test_a_version_is_promoted_and_taken_back_and_nothing_is_lost(service: Service, registry: Registry) -> None:
    with asking(service.predictions_url) as asked:
        promoted = json.loads(run("--json", "promote", "1.1").stdout)
        assert (promoted["deployment"]["champion"], promoted["servers"]) == ("1.1", 1)
        assert requests.get(f"{service.page_url}/model.json", timeout=TIMEOUT_S).json()["version"] == "1.1"
        assert loaded(service) == {"1.0", "1.1"}
        assert run("rollback").returncode == 0
        answer = requests.post(service.predictions_url, data=SEVEN, timeout=TIMEOUT_S).json()
        assert answer["version"] == "1.0"
        eventually(lambda: loaded(service) == {"1.0"})
    assert (set(asked.versions), asked.lost) == ({"1.0", "1.1"}, {})


def test_what_it_cannot_load_is_refused_and_leaves_nothing_behind(service: Service, registry: Registry) -> None:
    with asking(service.predictions_url) as asked:
        refused = run("promote", "unservable")
        assert refused.returncode == 1
        assert "version unservable is refused, 1.0 serves on" in refused.stderr
        assert "this handler is no server's" in refused.stderr
    assert (set(asked.versions), asked.lost) == ({"1.0"}, {})
    eventually(lambda: loaded(service) == {"1.0"})


def test_a_trial_needs_a_gateway(service: Service, registry: Registry) -> None:
    refused = run("try", "1.1")
    assert (refused.returncode, "behind a gateway" in refused.stderr) == (1, True)
    assert registry.deployment().trial is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nobody_changes_models_at_the_port(service: Service, method: str) -> None:
    url = f"{service.management_url}/models/mnist?url=mnist.mar"
    answer = requests.request(method, url, timeout=TIMEOUT_S)
    assert answer.status_code == 405
    assert "make promote" in answer.json()["message"]
    described = requests.get(f"{service.management_url}/models/mnist?customized=true", timeout=TIMEOUT_S).json()
    assert described[0]["customizedMetadata"]["architecture"]["network"] == "digit_cnn"


def test_a_server_that_starts_later_comes_up_with_the_champion(
    registry: Registry, start_service: ServiceStarter, tmp_path: Path
) -> None:
    registry.promote("1.1", "the test")
    with start_service("--no-page") as later:
        assert requests.post(later.predictions_url, data=SEVEN, timeout=TIMEOUT_S).json()["version"] == "1.1"
    registry.rollback("the test")
