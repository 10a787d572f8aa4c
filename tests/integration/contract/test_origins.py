"""Who may read the answers of a real server from another origin, and under which names the page asks for itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from serving.page import OWN_ADDRESS
from serving.settings import CONFIG_FILE, LOOPBACK, SHIPPED_ORIGIN
from tests.drawing import draw_digit, encoded
from tests.installs import copy_repository

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

REQUEST_TIMEOUT_S = 10.0
PICTURE = encoded(draw_digit(7))


@pytest.mark.parametrize("asking", ["the page", "another name of this machine", "another site"])
def test_cors_allows_exactly_the_pages_origin(service: Service, asking: str) -> None:
    origins = {
        "the page": service.page_url,
        "another name of this machine": service.page_url.replace(LOOPBACK, "localhost"),
        "another site": "https://evil.example",
    }
    headers = {"Origin": origins[asking]}
    preflight = requests.options(
        service.predictions_url,
        headers=headers | {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"},
        timeout=REQUEST_TIMEOUT_S,
    )
    answer = requests.put(service.predictions_url, data=PICTURE, headers=headers, timeout=REQUEST_TIMEOUT_S)
    assert answer.status_code == 200
    for response in (preflight, answer):
        # A browser compares this with the asking page's origin; TorchServe sends the same to all.
        allowed = response.headers.get("Access-Control-Allow-Origin")
        assert allowed in (None, service.page_url)
        assert (allowed == origins[asking]) is (asking == "the page")
    if asking == "the page":
        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Methods"] == "POST, PUT, OPTIONS"
        assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize(
    ("origin", "asks_directly"),
    [("*", True), ("https://digits.example", False), ("http://127.0.0.1:9999", False)],
)
def test_another_origin_is_taken_as_the_operator_wrote_it(
    start_service: ServiceStarter, tmp_path: Path, origin: str, asks_directly: bool
) -> None:
    root = copy_repository(tmp_path / "repository")
    config = root / CONFIG_FILE.name
    config.write_text(config.read_text().replace(f"={SHIPPED_ORIGIN}\n", f"={origin}\n"))
    with start_service(root=root) as service:
        answer = requests.put(service.predictions_url, data=PICTURE, timeout=REQUEST_TIMEOUT_S)
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        page = requests.get(f"{service.page_url}/config.json", timeout=REQUEST_TIMEOUT_S).json()
        assert page["endpoint"] == (service.api_url if asks_directly else OWN_ADDRESS)
        assert label_read_by_the_page_of(service.page_url) == "7"


def label_read_by_the_page_of(page_url: str, **headers: str) -> str:
    """What is read from a seven by the page's own address."""
    url = f"{page_url}/predictions/mnist"
    answer = requests.post(url, data=PICTURE, headers=headers, timeout=REQUEST_TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["label"])


@pytest.mark.parametrize("host", ["localhost:9000", "[::1]:8000", "name-8000.app.github.dev"])
def test_a_page_that_comes_through_a_tunnel_asks_its_own_address(service: Service, host: str) -> None:
    headers = {"Host": host}
    config = requests.get(f"{service.page_url}/config.json", headers=headers, timeout=REQUEST_TIMEOUT_S)
    assert (config.status_code, config.json()["endpoint"]) == (200, OWN_ADDRESS)
    assert label_read_by_the_page_of(service.page_url, **headers) == "7"


def test_an_error_comes_through_as_torchserve_answers_it(service: Service) -> None:
    direct, forwarded = (
        requests.post(f"{url}/predictions/mnist", data=b"no picture", timeout=REQUEST_TIMEOUT_S)
        for url in (service.api_url, service.page_url)
    )
    assert direct.status_code == 415
    assert (forwarded.status_code, forwarded.json()) == (direct.status_code, direct.json())
    assert forwarded.headers["Content-Type"] == direct.headers["Content-Type"]


def test_an_explanation_comes_through_whole(service: Service) -> None:
    answer = requests.post(f"{service.page_url}/explanations/mnist", data=PICTURE, timeout=REQUEST_TIMEOUT_S).json()
    assert {"label", "input", "feature_maps", "attribution"} <= answer.keys()


def test_a_host_is_served_once_the_operator_allows_it(service: Service, start_service: ServiceStarter) -> None:
    headers = {"Host": "digits.example"}
    refused = requests.get(service.page_url, headers=headers, timeout=REQUEST_TIMEOUT_S)
    assert refused.status_code == 403
    assert "make serve ALLOW_HOST=digits.example" in refused.text
    with start_service("--allow-host=digits.example", "--allow-host=.example.org") as other:
        for host in ("digits.example", "a.example.org:8443"):
            assert label_read_by_the_page_of(other.page_url, Host=host) == "7"
