"""The tools, by button and by key: undo, redo, clear, eraser and width; the list of shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.example_seven import SEVEN

if TYPE_CHECKING:
    from tests.e2e.pad_page import PadPage, Strokes
    from tests.e2e.page.conftest import InkShare, PageOpener

LEFT: Strokes = [[(0.2, 0.2), (0.2, 0.8)]]
RIGHT: Strokes = [[(0.8, 0.2), (0.8, 0.8)]]
RUB_LEFT: Strokes = [[(0.2, 0.1), (0.2, 0.9)]]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

WAYS = {
    "buttons": {"undo": "#undo", "redo": "#redo", "clear": "#clear", "erase": "#erase"},
    "keys": {"undo": "Control+z", "redo": "Control+Shift+z", "clear": "Delete", "erase": "e"},
}


def use(pad: PadPage, way: str, tool: str) -> None:
    name = WAYS[way][tool]
    if way == "buttons":
        pad.page.click(name)
    else:
        pad.page.keyboard.press(name)


def ink_at(pad: PadPage) -> tuple[bool, bool]:
    """Whether there is ink on the left, and on the right."""
    return pad.has_ink((0.2, 0.5)), pad.has_ink((0.8, 0.5))


@pytest.mark.parametrize("way", WAYS)
def test_undo_and_redo_go_stroke_by_stroke_and_through_clear(open_page: PageOpener, way: str) -> None:
    pad = open_page()
    pad.draw([*LEFT, *RIGHT])
    assert ink_at(pad) == (True, True)
    use(pad, way, "undo")
    assert ink_at(pad) == (True, False)
    use(pad, way, "redo")
    assert ink_at(pad) == (True, True)
    use(pad, way, "clear")
    assert ink_at(pad) == (False, False)
    pad.expect_state("idle")
    use(pad, way, "undo")
    assert ink_at(pad) == (True, True)
    use(pad, way, "undo")
    use(pad, way, "undo")
    assert ink_at(pad) == (False, False)
    pad.expect_state("idle")
    use(pad, way, "redo")
    pad.expect_state("answered")
    assert pad.text("#answer") == "1"


def test_undo_sends_what_is_left(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    pad.draw([[(0.2, 0.9), (0.8, 0.9)], [(0.2, 0.1), (0.8, 0.9)]])
    pad.page.keyboard.press("Control+z")
    pad.page.keyboard.press("Control+z")
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"


@pytest.mark.parametrize("way", WAYS)
def test_eraser_takes_ink_from_the_pad_and_from_the_picture(
    open_page: PageOpener, ink_share: InkShare, way: str
) -> None:
    pad = open_page()
    pad.draw([*LEFT, *RIGHT])
    pad.page.wait_for_selector("body:is([data-state=answered], [data-state=unsure])")
    before = ink_share(pad.pictures()[-1])
    use(pad, way, "erase")
    expect(pad.page.locator("#erase")).to_have_attribute("aria-pressed", "true")
    pad.draw(RUB_LEFT)
    assert ink_at(pad) == (False, True)
    pad.expect_state("answered")
    assert pad.text("#answer") == "1"
    assert ink_share(pad.pictures()[-1]) == pytest.approx(before / 2, rel=0.2)
    use(pad, way, "erase")
    pad.draw(LEFT)
    assert ink_at(pad) == (True, True)


def test_wholly_erased_drawing_sends_no_request(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(LEFT)
    pad.expect_state("answered")
    pad.page.click("#erase")
    pad.page.locator("#width").fill("28")
    pad.draw(RUB_LEFT)
    pad.expect_state("idle")
    assert pad.text("#answer") == pad.text("#status") == ""
    pad.page.keyboard.press("Control+z")
    pad.expect_state("answered")


def test_an_empty_pad_has_the_pen(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.keyboard.press("e")
    expect(pad.page.locator("#erase")).to_have_attribute("aria-pressed", "false")
    pad.draw(LEFT)
    assert pad.has_ink((0.2, 0.5))


@pytest.mark.parametrize("way", WAYS)
def test_an_emptied_pad_has_the_pen_again(open_page: PageOpener, way: str) -> None:
    pad = open_page()
    for emptied_by in ("clear", "undo"):
        pad.draw(LEFT)
        use(pad, way, "erase")
        expect(pad.page.locator("#erase")).to_have_attribute("aria-pressed", "true")
        use(pad, way, emptied_by)
        expect(pad.page.locator("#erase")).to_have_attribute("aria-pressed", "false")
        pad.draw(RIGHT)
        assert ink_at(pad) == (False, True), "the next stroke draws"
        use(pad, way, "clear")


def test_width_changes_only_later_strokes(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(LEFT)
    pad.page.locator("#width").fill("8")
    pad.draw(RIGHT)
    assert pad.has_ink((0.18, 0.5)), "the stroke before stays as wide as it was"
    assert pad.has_ink((0.8, 0.5))
    assert not pad.has_ink((0.77, 0.5))
    pad.page.locator("#pad").focus()
    for _ in range(20):
        pad.page.keyboard.press("]")
    assert pad.page.locator("#width").input_value() == "28"
    pad.page.keyboard.press("[")
    assert pad.page.locator("#width").input_value() == "26"


@pytest.mark.parametrize("width", [8, 28])
def test_thin_and_thick_pens_are_read(open_page: PageOpener, width: int) -> None:
    pad = open_page()
    pad.page.locator("#width").fill(str(width))
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"


def test_every_point_between_two_frames_counts(open_page: PageOpener) -> None:
    pad = open_page()
    script = """() => {
        const pad = document.getElementById("pad");
        const box = pad.getBoundingClientRect();
        const event = (type, x, y, more = {}) => new PointerEvent(type, {
            pointerId: 7, pointerType: "pen", button: type === "pointermove" ? -1 : 0, buttons: 1, bubbles: true,
            clientX: box.left + x * box.width, clientY: box.top + y * box.height, ...more });
        pad.dispatchEvent(event("pointerdown", 0.2, 0.2));
        const between = [event("pointermove", 0.5, 0.8), event("pointermove", 0.8, 0.2)];
        pad.dispatchEvent(event("pointermove", 0.8, 0.2, { coalescedEvents: between }));
        pad.dispatchEvent(event("pointerup", 0.8, 0.2));
    }"""
    pad.page.evaluate(script)
    assert pad.has_ink((0.5, 0.6))


def test_turning_the_phone_keeps_the_drawing_and_the_answer(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    pad.draw_by_touch(SEVEN)
    pad.expect_state("answered")
    asked = len(pad.requests)
    pad.page.set_viewport_size({"width": 844, "height": 390})
    pad.until(lambda: bool(pad.page.evaluate("Math.abs(pad.width - pad.clientWidth * devicePixelRatio) < 1")))
    assert pad.has_ink((0.5, 0.235))
    assert pad.text("#answer") == "7"
    assert len(pad.requests) == asked, "nothing has changed that would be worth a question"


def test_shortcuts_are_listed_and_single_keys_can_be_switched_off(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(LEFT)
    pad.page.keyboard.press("?")
    dialog = pad.page.locator("#keys")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Eraser")
    pad.page.keyboard.press("Delete")
    assert pad.has_ink((0.2, 0.5)), "the page behind the list does not listen"
    pad.page.get_by_label("Single-key shortcuts").uncheck()
    pad.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    pad.page.keyboard.press("Delete")
    assert pad.has_ink((0.2, 0.5))
    pad.page.keyboard.press("Control+z")
    assert not pad.has_ink((0.2, 0.5))
    pad.page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog).to_be_visible()
    pad.page.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
