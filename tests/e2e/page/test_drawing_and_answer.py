"""Drawing, answering and clearing, with a real TorchServe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.e2e.example_seven import RESULT, SEVEN

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.pad_page import Strokes
    from tests.e2e.page.conftest import InkShare, PageOpener

SCREENS = [(320, 640), (390, 844), (768, 1024), (844, 390), (1280, 800)]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}

ONE: Strokes = [[(0.42, 0.3), (0.53, 0.2), (0.52, 0.5), (0.51, 0.82)]]
ZERO: Strokes = [
    [
        (0.5 - 0.2 * math.sin(turn / 16 * 2 * math.pi), 0.5 - 0.3 * math.cos(turn / 16 * 2 * math.pi))
        for turn in range(17)
    ]
]
DIGITS = [pytest.param(ONE, "1", id="one"), pytest.param(SEVEN, "7", id="seven"), pytest.param(ZERO, "0", id="zero")]


def test_page_opens_without_errors_and_asks_no_other_host(open_page: PageOpener, service: Service) -> None:
    pad = open_page()
    pad.expect_state("idle")
    assert {urlsplit(url).netloc for url in pad.all_urls} == {urlsplit(service.page_url).netloc}
    assert pad.requests == [], "an empty pad is not worth a question"
    pad.draw(ONE)
    pad.expect_state("answered")
    origins = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in pad.all_urls}
    assert origins == {service.page_url, service.api_url}


@pytest.mark.parametrize(("strokes", "label"), DIGITS)
def test_mouse_drawing_is_read(open_page: PageOpener, strokes: Strokes, label: str) -> None:
    pad = open_page()
    pad.draw(strokes)
    pad.expect_state("answered")
    assert pad.text("#answer") == label
    assert 50 < float(pad.text("#confidence").removesuffix("%")) <= 100
    assert pad.text("#status") == ""
    assert pad.text("#bars .likeliest b") == label
    pad.expect_text("#announcement", f"{label}, {pad.text('#confidence')} confidence.")


@pytest.mark.parametrize(("strokes", "label"), DIGITS)
def test_finger_drawing_is_read_and_does_not_scroll(open_page: PageOpener, strokes: Strokes, label: str) -> None:
    pad = open_page(**{**PHONE, "height": 600})
    assert pad.page.evaluate("document.documentElement.scrollHeight > innerHeight"), "nothing to scroll proves nothing"
    pad.draw_by_touch(strokes)
    pad.expect_state("answered")
    assert pad.text("#answer") == label
    assert pad.page.evaluate("scrollY") == 0


def test_bars_show_every_digit_in_order_and_mark_the_likeliest(open_page: PageOpener) -> None:
    pad = open_page()
    pad.answer_with(200, RESULT)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.page.locator("#bars b").all_text_contents() == list("0123456789")
    shares = pad.page.locator("#bars span").all_text_contents()
    assert shares == ["0%"] * 7 + [">99%", "0%", "0%"]
    assert pad.text("#confidence") == "99.9%", "never more than is so"


def test_answers_come_while_the_pen_is_still_down(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.mouse.move(*pad.locate((0.5, 0.2)))
    pad.page.mouse.down()
    pad.page.mouse.move(*pad.locate((0.5, 0.8)), steps=20)
    pad.expect_text("#answer", "1")
    pad.page.mouse.up()


def test_clear_empties_pad_and_answer_by_keyboard(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.locator("#clear").focus()
    pad.page.keyboard.press("Enter")
    pad.expect_state("idle")
    assert pad.text("#answer") == pad.text("#confidence") == pad.text("#status") == ""
    assert not pad.has_ink((0.5, 0.235))


def test_answer_to_a_cleared_drawing_is_dropped(open_page: PageOpener) -> None:
    pad = open_page()
    held = pad.hold_requests()
    pad.draw([[(0.5, 0.2), (0.5, 0.8)]])
    pad.until(lambda: len(held) == 1)
    pad.page.click("#clear")
    pad.expect_state("idle")
    pad.draw(SEVEN)
    held[0].fulfill(json=RESULT, headers={"Access-Control-Allow-Origin": "*"})
    pad.until(lambda: len(held) == 2)  # the first answer has come in: the page asks only then
    assert pad.text("#answer") == ""
    held[1].continue_()
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"


def test_one_question_at_a_time_and_the_newest_drawing_next(open_page: PageOpener, ink_share: InkShare) -> None:
    pad = open_page()
    held = pad.hold_requests()
    pad.draw([*ONE, *ZERO, *SEVEN])
    assert len(pad.requests) == len(held) == 1, (
        "over fifty movements and three strokes later the first is still under way"
    )
    pad.expect_state("asking")
    held[0].continue_()
    pad.until(lambda: len(held) == 2)
    held[1].continue_()
    pad.page.wait_for_selector("body:is([data-state=answered], [data-state=unsure])")
    assert len(pad.requests) == 2
    first, second = map(ink_share, pad.pictures())
    assert second > 3 * first, "the second question is about the whole drawing"


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_page_fits_the_window(open_page: PageOpener, width: int, height: int) -> None:
    pad = open_page(width=width, height=height)
    assert pad.page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("#pad", "#clear"):
        box = pad.page.locator(selector).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        assert box["y"] + box["height"] <= height, f"{selector} is in sight without scrolling"
