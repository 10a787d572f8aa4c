"""Where the page finds its recogniser: the server's own answer, config.json on a static host, the query string."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from scripts.cli import ROOT
from tests.e2e.samples import RESULT, SEVEN

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.conftest import PageOpener


def test_localhost_is_sent_to_the_origin_that_the_server_allows(open_page: PageOpener, service: Service) -> None:
    pad = open_page(url=service.page_url.replace("127.0.0.1", "localhost"))
    assert pad.page.url == f"{service.page_url}/"
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"


@pytest.fixture
def sub_path_url() -> Iterator[str]:
    """The folder of the page behind a plain static host, one level down."""

    class QuietHandler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(ROOT))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), QuietHandler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/static_client/"
        server.shutdown()
        thread.join()


def test_page_works_from_a_sub_path_with_its_own_config(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url=sub_path_url)
    pad.answer_with(200, RESULT)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.requests[-1].url == "http://127.0.0.1:8080/predictions/mnist"


def test_query_string_names_another_recogniser(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url=f"{sub_path_url}?endpoint=https://digits.example/api/&model=mnist/1.0")
    pad.answer_with(200, RESULT)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.requests[-1].url == "https://digits.example/api/predictions/mnist/1.0"


def test_endpoint_that_the_security_policy_forbids_is_words_too(open_page: PageOpener) -> None:
    pad = open_page("/?endpoint=https://digits.example")
    pad.expected_problem = "https://digits.example"
    pad.draw(SEVEN)
    pad.expect_state("error")
    pad.expect_text("#status", "This page may not ask https://digits.example: its security policy forbids it.")


@pytest.mark.parametrize("path", ["/?endpoint=ftp://digits.example", "/?endpoint=http://"])
def test_endpoint_that_is_no_address_is_told_at_once(open_page: PageOpener, path: str) -> None:
    pad = open_page(path)
    pad.expect_state("error")
    pad.expect_status("is not an http address")
