"""The page under other addresses than its own: it asks where it came from, and needs no other port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.example_seven import SEVEN
from tests.e2e.tunnel import tunnel_to

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.page.conftest import PageOpener


def test_the_page_reads_under_localhost(open_page: PageOpener, service: Service) -> None:
    url = f"http://localhost:{service.ports.page}/"
    pad = open_page(url=url)
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    assert pad.page.url == url
    assert all(request.url == f"{url}predictions/mnist" for request in pad.requests)


def test_the_page_reads_and_explains_through_a_tunnel_of_one_port(open_page: PageOpener, service: Service) -> None:
    with tunnel_to(service.ports.page) as port:
        for name in ("127.0.0.1", "localhost"):
            url = f"http://{name}:{port}/"
            pad = open_page(url=url)
            pad.page.route(
                f"{service.api_url}/**", lambda route: route.abort()
            )  # not reached from the visitor's machine
            pad.draw(SEVEN)
            pad.expect_text("#answer", "7")
            assert all(request.url.startswith(url) for request in pad.requests)
            pad.page.get_by_role("button", name="Look inside").click()
            expect(pad.page.locator("#inside .figures")).to_be_visible()


def test_the_page_at_its_own_address_asks_torchserve_itself(open_page: PageOpener, service: Service) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    assert all(request.url == service.predictions_url for request in pad.requests)


def test_another_page_of_the_allowed_origin_may_put(open_page: PageOpener, service: Service) -> None:
    """By PUT and with a content type, either of which makes the browser ask for leave first."""
    pad = open_page()
    script = """async (url) => {
        const body = await (await fetch("favicon.svg")).blob();
        const response = await fetch(url, { method: "PUT", body, headers: { "Content-Type": "image/svg+xml" } });
        return response.status;
    }"""
    pad.expected_problem = "Failed to load resource"
    assert pad.page.evaluate(script, service.predictions_url) == 415
