"""The page's configuration: the config.json that the server makes, the one of a static host, the query string."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from serving.page import PageConfig
from serving.page_server import PageServer
from serving.supervisor import STATIC_FOLDER
from tests.e2e.example_seven import RESULT, SEVEN

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.page.conftest import PageOpener


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


def test_token_of_the_query_string_is_sent_and_none_without_one(open_page: PageOpener) -> None:
    pad = open_page("/?token=sesame")
    pad.answer_with(200, RESULT)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.requests[-1].headers["authorization"] == "Bearer sesame"
    pad.page.goto(pad.page.url.removesuffix("?token=sesame"))
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert "authorization" not in pad.requests[-1].headers


def test_config_file_holds_endpoint_model_and_token(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url="about:blank")
    config = {"endpoint": "../api", "model": "mnist/2.0", "token": "from-the-file"}
    pad.page.route("**/config.json", lambda route: route.fulfill(json=config))
    pad.answer_with(200, RESULT)
    pad.page.goto(sub_path_url)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.requests[-1].url == sub_path_url.replace("static_client/", "api/predictions/mnist/2.0")
    assert pad.requests[-1].headers["authorization"] == "Bearer from-the-file"
    pad.page.goto(f"{sub_path_url}?endpoint=https://digits.example")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.requests[-1].url == "https://digits.example/predictions/mnist/2.0"
    assert "authorization" not in pad.requests[-1].headers, "a link cannot carry the token elsewhere"


def test_message_tells_a_recogniser_without_cors_from_none(
    open_page: PageOpener, sub_path_url: str, service: Service
) -> None:
    pad = open_page(url=f"{sub_path_url}?endpoint={service.api_url}")
    pad.expected_problem = ""  # of CORS, at length
    pad.draw(SEVEN)
    pad.expect_state("error")
    origin = sub_path_url.removesuffix("/static_client/")
    pad.expect_status(f"The recogniser at {service.api_url} runs, but lets no page of {origin} ask (CORS).")
    assert pad.page.locator("#retry").is_visible()


def test_endpoint_that_the_security_policy_forbids_shows_how_to_allow_it(open_page: PageOpener) -> None:
    pad = open_page("/?endpoint=https://digits.example/api")
    pad.expected_problem = "https://digits.example"
    pad.draw(SEVEN)
    pad.expect_state("error")
    command = "make serve ALLOW_ENDPOINT=https://digits.example"
    pad.expect_text("#status", f"This page may not ask https://digits.example/api. Allow it: {command}")
    assert pad.page.locator("#retry").is_hidden(), "trying again cannot help"


def test_endpoint_that_the_servers_setting_allows_is_asked(open_page: PageOpener, service: Service) -> None:
    config = PageConfig(service.api_url, "mnist")
    server = PageServer(STATIC_FOLDER, 0, config, allowed_endpoints=["https://digits.example"])
    server.start()
    try:
        pad = open_page(url=f"http://{server.host}/?endpoint=https://digits.example/api")
        pad.answer_with(200, RESULT)
        pad.draw(SEVEN)
        pad.expect_state("answered")
        assert pad.requests[-1].url == "https://digits.example/api/predictions/mnist"
    finally:
        server.stop()


@pytest.mark.parametrize("path", ["/?endpoint=ftp://digits.example", "/?endpoint=http://"])
def test_endpoint_that_is_no_address_shows_a_message_at_once(open_page: PageOpener, path: str) -> None:
    pad = open_page(path)
    pad.expect_state("error")
    pad.expect_status("is not an http address")
    assert pad.page.locator("#retry").is_hidden(), "trying again cannot help"


def test_settings_that_do_not_load_can_be_tried_again(open_page: PageOpener, service: Service) -> None:
    pad = open_page(url="about:blank")
    pad.expected_problem = "Failed to load resource"
    pad.page.route("**/config.json", lambda route: route.abort("connectionrefused"))
    pad.page.goto(service.page_url)
    pad.expect_status("The page’s settings, config.json, do not load.")
    pad.page.unroute_all()
    pad.page.get_by_role("button", name="Try again").click()
    pad.expect_state("idle")
