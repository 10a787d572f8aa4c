"""Drawing, answering and clearing, with a real TorchServe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.example_seven import CLOSE, RESULT, SEVEN

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.pad_page import Point, Strokes
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
HEART: Strokes = [
    [(0.5, 0.8), (0.3, 0.62), (0.18, 0.42), (0.24, 0.26), (0.38, 0.24), (0.5, 0.38)],
    [(0.5, 0.38), (0.62, 0.24), (0.76, 0.26), (0.82, 0.42), (0.7, 0.62), (0.5, 0.8)],
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
    assert shares == ["0%"] * 7 + ["99%", "0%", "0%"], "never more than is so"
    assert pad.text("#confidence") == "99%", "as beside the bar"


def test_answers_come_while_the_pen_is_still_down(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.mouse.move(*pad.locate((0.5, 0.2)))
    pad.page.mouse.down()
    pad.page.mouse.move(*pad.locate((0.5, 0.8)), steps=20)
    pad.expect_text("#answer", "1")
    pad.page.mouse.up()


def test_what_is_no_digit_is_a_question_mark_before_dimmed_bars(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(HEART)
    pad.expect_state("unsure")
    assert pad.text("#answer") == "?"
    assert pad.text("#confidence") == ""
    pad.expect_text("#status", "That doesn’t look like a digit.")
    assert pad.page.locator("#bars .likeliest").count() == 0
    script = """() => getComputedStyle(document.querySelector("#bars i"), "::before").backgroundColor"""
    dimmed = pad.page.evaluate(script)
    pad.page.click("#clear")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert dimmed != pad.page.evaluate(script)


def test_a_guess_is_named_only_above_40_per_cent(open_page: PageOpener) -> None:
    pad = open_page()
    for confidence, words in ((0.4, ""), (0.41, " Perhaps 7?")):
        pad.answer_with(200, {**RESULT, "recognised": False, "confidence": confidence})
        pad.draw([[(0.5, 0.5), (0.6, 0.5)]])
        pad.expect_text("#status", f"That doesn’t look like a digit.{words}")
        assert pad.text("#answer") == "?"


def test_close_answers_are_shown_side_by_side(open_page: PageOpener) -> None:
    pad = open_page()
    pad.answer_with(200, CLOSE)
    pad.draw(SEVEN)
    pad.expect_state("unsure")
    assert (pad.text("#answer"), pad.text("#rival"), pad.text("#confidence")) == ("1", "7", "51%")
    pad.expect_text("#status", "47% for 7")
    pad.expect_text("#announcement", "1 or 7? 51% confidence.")
    first, second = (pad.page.locator(name).bounding_box() for name in ("#answer", "#rival"))
    assert first is not None and second is not None
    assert first["x"] + first["width"] <= second["x"]
    assert pad.page.locator("#bars .likeliest b").all_text_contents() == ["1", "7"]
    pad.page.unroute_all()
    pad.draw([[(0.45, 0.5), (0.6, 0.5)]])
    pad.expect_text("#answer", "7")
    expect(pad.page.locator("#rival")).to_be_hidden()


CHANGES = """() => {
    window.shown = [];
    window.blinks = 0;
    new MutationObserver(() => shown.push(document.getElementById("answer").textContent))
        .observe(document.getElementById("answer"), { childList: true, characterData: true, subtree: true });
    new MutationObserver(() => {
        const isDown = document.body.dataset.pen === "down";
        window.blinks += isDown && getComputedStyle(document.getElementById("wrong")).visibility === "visible";
    }).observe(document.body, { attributes: true });
}"""


def test_the_answer_is_steady_while_the_pen_moves_and_is_not_called_wrong(open_page: PageOpener) -> None:
    """Every 130 ms another answer, by the page's own clock: none stays for the 200 ms that show it."""
    pad = open_page()
    pad.page.evaluate(CHANGES)
    pad.page.clock.install()
    pad.page.clock.pause_at(pad.page.evaluate("Date.now() + 1000"))
    held = pad.hold_requests()
    pad.page.mouse.move(*pad.locate((0.2, 0.2)))
    pad.page.mouse.down()
    for number in range(8):
        pad.page.mouse.move(*pad.locate((0.3 + number / 20, 0.2 + (number % 2) / 5)))
        pad.page.clock.run_for(130)
        pad.until(lambda number=number: len(held) > number)  # type: ignore[misc]
        result, share = [(RESULT, "99%"), (CLOSE, "47%")][number % 2]
        held[number].fulfill(json=result, headers={"Access-Control-Allow-Origin": "*"})
        expect(pad.page.locator("#bars li").nth(7).locator("span")).to_have_text(share)
    assert pad.page.evaluate("shown") == []
    assert pad.page.evaluate("blinks") == 0
    pad.page.clock.run_for(200)
    pad.expect_text("#answer", "1")  # the last one has stayed
    pad.page.mouse.up()
    pad.page.unroute_all()
    pad.page.clock.resume()
    expect(pad.page.locator("#wrong")).to_be_visible()


@pytest.mark.parametrize("start", [(-0.015, 0.5), (1.015, 0.5), (0.5, -0.015), (0.5, 1.01)])
def test_a_stroke_begun_just_beside_the_pad_counts(open_page: PageOpener, start: Point) -> None:
    pad = open_page()
    pad.draw([[start, (0.5, 0.5)]])
    assert pad.has_ink(((start[0] + 0.5) / 2, (start[1] + 0.5) / 2))


def test_a_click_beside_the_pad_draws_nothing(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw([[(-0.015, 0.5)]])
    pad.expect_state("idle")
    expect(pad.page.locator("#undo")).to_have_attribute("aria-disabled", "true")
    pad.page.click("#sample")
    pad.expect_state("answered")


def test_the_pad_of_a_large_window_is_as_wide_as_a_hand_draws(open_page: PageOpener) -> None:
    for width, height in ((1440, 900), (1920, 1080), (3840, 2160)):
        box = open_page(width=width, height=height).page.locator("#pad").bounding_box()
        assert box is not None
        assert 440 <= box["width"] <= 480


def test_words_of_the_first_minute(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expect_text(".placeholder", "Start drawing, I’ll guess as you go")
    pad.expect_text("h1", "Handwritten digits")
    assert pad.page.title().startswith("Handwritten digits – ")
    assert pad.page.locator("#width").input_value() == "14"


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
