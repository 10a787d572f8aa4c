"""Errors: the page shows them in words, keeps its layout, retries and recovers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.conftest import Service
    from tests.e2e.pad_page import PadPage, Strokes
    from tests.e2e.page.conftest import PageOpener

FAILED_REQUEST = "Failed to load resource"  # what Chromium itself writes to the console
DOWN_STROKE: Strokes = [[(0.52, 0.2), (0.5, 0.8)]]
RESULT = {
    "label": "8",
    "confidence": 0.41,
    "recognised": False,
    "probabilities": {"8": 0.41, "3": 0.4, "5": 0.19, **dict.fromkeys("0124679", 0.0)},
    "model": "mnist",
    "version": "1.0",
}
NO_INK = {"code": 422, "type": "UnprocessableEntity", "message": "The picture shows no ink."}
OVERLOADED = {"code": 503, "type": "ServiceUnavailableException", "message": "Model mnist has no worker."}


def open_for_trouble(open_page: PageOpener, path: str = "/", **more: int) -> PadPage:
    pad = open_page(path, **more)
    pad.expected_problem = FAILED_REQUEST
    return pad


def test_doubtful_drawing_is_shown_as_unsure(open_page: PageOpener) -> None:
    pad = open_page()
    pad.answer_with(200, RESULT)
    pad.draw(DOWN_STROKE)
    pad.expect_state("unsure")
    assert pad.text("#answer") == "?"
    pad.expect_text("#status", "That doesn’t look like a digit. Perhaps 8?")


def test_unreachable_server_is_named_and_retried_by_button(open_page: PageOpener, service: Service) -> None:
    pad = open_for_trouble(open_page)
    pad.page.route(f"{service.api_url}/**", lambda route: route.abort("connectionrefused"))
    pad.draw(DOWN_STROKE)
    pad.expect_state("error")
    pad.expect_text(
        "#status",
        f"Cannot reach the recogniser at {service.api_url}. Is make serve running? Trying again…",
    )
    assert pad.text("#answer") == pad.text("#confidence") == ""
    pad.page.unroute_all()
    pad.page.locator("#retry").focus()
    pad.page.keyboard.press("Enter")
    pad.expect_state("answered")
    assert pad.text("#answer") == "1"
    assert pad.text("#status") == ""
    assert pad.page.evaluate("document.activeElement.id") == "clear", "the focus does not get lost with the button"


def test_visitors_are_told_of_an_unreachable_server_in_plain_words(open_page: PageOpener, service: Service) -> None:
    def from_the_server(route: Route) -> None:
        route.fulfill(response=route.fetch(url=service.page_url + urlsplit(route.request.url).path))

    pad = open_for_trouble(open_page)
    pad.page.route("http://digits.example/**", from_the_server)
    pad.page.route(f"{service.api_url}/**", lambda route: route.abort("connectionrefused"))
    pad.page.goto("http://digits.example/")
    pad.draw(DOWN_STROKE)
    pad.expect_text("#status", "The recogniser can’t be reached right now. Trying again…")


def test_unreachable_server_is_retried_once_a_stroke(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.page.route("**/predictions/**", lambda route: route.abort("connectionrefused"))
    pad.draw([[(0.5, 0.2), (0.5, 0.8)]])
    pad.expect_state("error")
    asked = len(pad.requests)
    pad.draw([[(0.2, y / 10) for y in range(1, 10)]])
    pad.expect_requests(asked + 1)
    expect(pad.page.locator("body")).to_have_attribute("data-state", "error")
    assert len(pad.requests) <= asked + 2, "one for the stroke, and perhaps one that was due by itself"
    pad.page.unroute_all()
    pad.page.click("#clear")
    pad.draw(DOWN_STROKE)
    pad.expect_state("answered")


def test_server_that_never_answers_times_out(open_page: PageOpener) -> None:
    pad = open_page()
    pad.hold_requests()
    pad.draw(DOWN_STROKE)
    pad.expect_state("asking")
    pad.expect_state("error")
    pad.expect_status("has not answered within 5 seconds")


def test_busy_server_is_retried_until_it_answers(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.answer_with(503, OVERLOADED)
    pad.draw(DOWN_STROKE)
    pad.expect_state("error")
    pad.expect_text("#status", "The server is busy. Trying again…")
    pad.page.unroute_all()
    pad.expect_state("answered")
    assert pad.text("#answer") == "1"
    assert pad.text("#status") == ""


def test_busy_server_is_retried_a_bounded_number_of_times(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.answer_with(503, OVERLOADED)
    pad.draw(DOWN_STROKE)
    pad.expect_text("#status", "The server is busy. Try again in a moment.")
    assert pad.page.locator("#retry").is_visible()
    assert len(pad.requests) <= 6, "one while the pen moved, then the retries"


def test_refusal_shows_the_servers_message(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.answer_with(422, NO_INK)
    pad.draw(DOWN_STROKE)
    pad.expect_state("error")
    pad.expect_text("#status", str(NO_INK["message"]))
    assert pad.page.locator("#retry").is_hidden(), "the same drawing would be refused again"
    pad.page.unroute_all()
    pad.page.click("#clear")
    pad.draw(DOWN_STROKE)
    pad.expect_state("answered")


TORCHSERVES_REFUSAL = {
    "code": 400,
    "type": "InvalidKeyException",
    "message": "Token Authorization failed. Token either incorrect, expired, or not provided correctly",
}


@pytest.mark.parametrize(
    ("status", "body"), [(401, {}), (403, {}), (400, TORCHSERVES_REFUSAL)], ids=["401", "403", "TorchServe's 400"]
)
def test_missing_and_refused_tokens_show_a_message(open_page: PageOpener, status: int, body: dict[str, object]) -> None:
    pad = open_for_trouble(open_page)
    pad.answer_with(status, body)
    pad.draw(DOWN_STROKE)
    pad.expect_text(
        "#status", "The recogniser asks for a token. Put one in config.json, or add ?token=… to this page’s address."
    )
    pad.page.goto(f"{pad.page.url}?token=old")
    pad.draw(DOWN_STROKE)
    pad.expect_status("The recogniser does not accept the token; it may have expired.")
    expect(pad.page.locator("#retry")).to_be_visible()
    pad.answer_with(200, {**RESULT, "recognised": True, "confidence": 0.99})
    pad.draw(DOWN_STROKE)
    pad.expect_state("answered")


def test_offline_drawing_is_kept_and_read_when_the_network_is_back(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url=f"{sub_path_url}?endpoint=https://digits.example")
    pad.expected_problem = FAILED_REQUEST
    pad.expect_state("idle")
    pad.page.context.set_offline(True)
    pad.draw(DOWN_STROKE)
    pad.expect_status("This device is offline. The drawing stays and will be read.")
    pad.answer_with(200, {**RESULT, "recognised": True, "confidence": 0.99})
    pad.page.context.set_offline(False)
    pad.expect_state("answered")
    assert pad.has_ink((0.51, 0.5))


def test_unreachable_server_is_retried_by_itself(open_page: PageOpener, service: Service) -> None:
    pad = open_for_trouble(open_page)
    pad.page.route(f"{service.api_url}/**", lambda route: route.abort("connectionrefused"))
    pad.draw(DOWN_STROKE)
    pad.expect_status("Trying again…")
    pad.page.unroute_all()
    pad.expect_state("answered")


def test_uncaught_error_shows_a_message_and_the_page_works_on(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expected_problem = "uncaught"
    pad.page.evaluate("setTimeout(() => { throw new Error('Oh.'); })")
    pad.expect_status("The page has failed: Oh.")
    pad.draw(DOWN_STROKE)
    pad.expect_state("answered")


def test_unknown_model_shows_torchserves_message(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page, "/?model=roman")
    pad.draw(DOWN_STROKE)
    pad.expect_state("error")
    pad.expect_status("roman")


@pytest.mark.parametrize(
    "body", ["hello", {"status": "Healthy"}, {**RESULT, "confidence": "high"}, {**RESULT, "probabilities": None}]
)
def test_answer_of_another_shape_shows_a_message(open_page: PageOpener, body: object) -> None:
    pad = open_page()
    pad.answer_with(200, body)
    pad.draw(DOWN_STROKE)
    pad.expect_state("error")
    pad.expect_status("is not a recogniser")


def test_messages_are_never_markup(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.answer_with(422, {**NO_INK, "message": "<img src=x onerror=alert(1)>"})
    pad.draw(DOWN_STROKE)
    pad.expect_text("#status", "<img src=x onerror=alert(1)>")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (1280, 800)])
def test_nothing_moves_from_state_to_state(open_page: PageOpener, width: int, height: int) -> None:
    pad = open_for_trouble(open_page, width=width, height=height)
    pad.expect_state("idle")
    layouts = {"idle": layout_of(pad)}
    pad.hold_requests()
    pad.draw(DOWN_STROKE)
    pad.expect_requests(1)
    layouts["asking"] = layout_of(pad)
    pad.page.unroute_all()  # lets go of what was held
    pad.expect_state("answered")
    layouts["answered"] = layout_of(pad)
    pad.answer_with(200, RESULT)
    pad.draw([[(0.2, 0.2), (0.2, 0.8)]])
    pad.expect_state("unsure")
    layouts["unsure"] = layout_of(pad)
    pad.page.unroute_all()
    pad.page.route("**/predictions/**", lambda route: route.abort("connectionrefused"))
    pad.draw([[(0.8, 0.2), (0.8, 0.8)]])
    pad.expect_state("error")
    assert pad.page.locator("#retry").is_visible()
    layouts["error"] = layout_of(pad)
    assert layouts == dict.fromkeys(layouts, layouts["idle"])
    assert pad.page.evaluate("document.documentElement.scrollWidth") <= width


def layout_of(pad: PadPage) -> dict[str, object]:
    return {name: pad.page.locator(name).bounding_box() for name in ("#pad", "#clear", ".verdict", "#bars", "footer")}


def test_panel_that_does_not_load_shows_a_message_and_loads_later(open_page: PageOpener) -> None:
    pad = open_for_trouble(open_page)
    pad.page.route("**/model_panel.js*", lambda route: route.abort("connectionrefused"))
    pad.page.get_by_role("button", name="The model").click()
    pad.expect_status("a part of it does not load. Reload it, or try again later.")
    pad.page.unroute_all()
    pad.draw(DOWN_STROKE)
    pad.expect_state("answered")
    pad.page.get_by_role("button", name="Corrections").click()
    pad.page.get_by_role("button", name="The model").click()
    expect(pad.page.locator("#card dl")).to_be_visible()
