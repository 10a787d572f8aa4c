"""A real TorchServe that asks for tokens: from another origin, and through a gateway on the page's origin."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from benchmarks.processes import find_free_ports
from serving.settings import CONFIG_FILE, SAMPLE, find_java
from serving.supervisor import STATIC_FOLDER, choose_archive
from serving.torchserve import TorchServe
from tests.conftest import START_TIMEOUT_S, STOP_TIMEOUT_S
from tests.e2e.example_seven import SEVEN
from tests.e2e.static_host import StaticHost, hosted

if TYPE_CHECKING:
    from tests.e2e.page.conftest import PageOpener

TOKENS_OFF, TOKENS_ON = "disable_token_authorization=true", "disable_token_authorization=false"


@dataclass(frozen=True)
class GuardedServer:
    """A TorchServe with token authorisation on, which lets the page of a static host read its answers."""

    url: str
    token: str


@pytest.fixture
def guarded(sub_path_url: str, tmp_path: Path) -> Iterator[GuardedServer]:
    settings = CONFIG_FILE.read_text(encoding="utf-8")
    assert TOKENS_OFF in settings
    config = settings.replace(TOKENS_OFF, TOKENS_ON)
    page_port = urlsplit(sub_path_url).port
    assert page_port is not None
    ports = replace(find_free_ports(), page=page_port)
    torchserve = TorchServe(ports, [choose_archive(None)], find_java(), tmp_path / "logs", lambda: None, config)
    try:
        url = f"{ports.api_url}/predictions/mnist"
        wait_until(lambda: status(url) == requests.codes.bad_request, START_TIMEOUT_S)  # the keys are written by then
        token = json.loads((torchserve.folder / "key_file.json").read_text())["inference"]["key"]
        wait_until(lambda: status(url, f"Bearer {token}") == requests.codes.ok, START_TIMEOUT_S)
        yield GuardedServer(ports.api_url, token)
    finally:
        torchserve.request_stop()
        wait_until(lambda: not torchserve.is_running(), STOP_TIMEOUT_S)


@pytest.fixture
def gateway_url(guarded: GuardedServer) -> Iterator[str]:
    """The page, and under /api the guarded server, at one address."""

    class Gateway(StaticHost):
        folder = STATIC_FOLDER

        def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
            picture = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {"Authorization": self.headers["Authorization"]}
            answer = requests.post(guarded.url + self.path.removeprefix("/api"), picture, headers=headers, timeout=10)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

    with hosted(Gateway) as url:
        yield url


def wait_until(condition: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)


def status(url: str, authorization: str = "") -> int | None:
    """HTTP status of a prediction; None while no server answers."""
    try:
        return requests.post(url, SAMPLE.read_bytes(), headers={"Authorization": authorization}, timeout=5).status_code
    except requests.RequestException:
        return None


def test_token_errors_show_a_message_and_a_gateway_answers(
    open_page: PageOpener, sub_path_url: str, guarded: GuardedServer, gateway_url: str
) -> None:
    pad = open_page(url=f"{sub_path_url}?endpoint={guarded.url}")
    pad.expected_problem = ""  # of refusals, and of CORS at length
    pad.draw(SEVEN)
    pad.expect_text(
        "#status", "The recogniser asks for a token. Put one in config.json, or add ?token=… to this page’s address."
    )

    # A token makes the browser ask for leave first, without the token: TorchServe refuses that, whatever the token.
    pad.page.goto(f"{sub_path_url}?endpoint={guarded.url}&token={guarded.token}")
    pad.draw(SEVEN)
    pad.expect_status("ask with a token (CORS); it must be asked at the page's own address.")

    pad.page.goto(f"{gateway_url}?endpoint=api&token={guarded.token}")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"
    pad.page.goto(f"{gateway_url}?endpoint=api&token=expired")
    pad.draw(SEVEN)
    pad.expect_status("The recogniser does not accept the token; it may have expired.")
