"""Corrections of wrong answers: kept in the browser, listed, deleted, and exported for retraining."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from model.data.corrections import read_corrections
from model.data.digits import NOT_A_DIGIT
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import digit_image
from tests.drawing import draw_digit, encoded
from tests.e2e.example_seven import RESULT, SEVEN

if TYPE_CHECKING:
    from tests.e2e.pad_page import PadPage
    from tests.e2e.page.conftest import PageOpener

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def correct(pad: PadPage, choice: str) -> None:
    pad.expect_state("answered")
    pad.page.get_by_role("button", name="Wrong?").click()
    pad.page.get_by_role("dialog").get_by_role("button", name=choice, exact=True).click()
    pad.expect_text("#status", f"Saved: {choice}")


def press_in_dialog(pad: PadPage, key: str) -> None:
    expect(pad.page.get_by_role("dialog")).to_be_visible()
    pad.page.keyboard.press(key)


def open_history(pad: PadPage) -> Locator:
    pad.page.get_by_role("button", name="Corrections").click()
    panel = pad.page.locator("#history")
    expect(panel).to_be_visible()
    return panel


def test_corrections_are_exported_as_the_reader_for_training_expects(open_page: PageOpener, tmp_path: Path) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    correct(pad, "1")
    drawn = pad.pictures()[-1]
    pad.page.keyboard.press("Delete")
    chosen = encoded(draw_digit(3))
    pad.page.keyboard.press("u")
    pad.choose_file("three.png", "image/png", chosen)
    pad.expect_text("#answer", "3")
    correct(pad, "Not a digit")
    panel = open_history(pad)
    expect(panel).to_contain_text("2 corrections are kept in this browser, and nowhere else.")
    with pad.page.expect_download() as download:
        panel.get_by_role("button", name="Export as zip").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.match("corrections-20*.zip")

    read = read_corrections(path)
    assert read.digits.labels.tolist() == [NOT_A_DIGIT, 1], "the newest first"
    for seen, sent in zip(read.digits.images.numpy(), (chosen, drawn), strict=True):
        np.testing.assert_array_equal(seen, digit_image(decode_picture(sent)))
    picture, drawing = read.origins
    assert (drawing.kind, drawing.read_as, drawing.model) == ("drawing", "7", "mnist 1.0")
    assert drawing.confidence > 0.5
    (stroke,) = drawing.strokes
    assert stroke.width == pytest.approx(14 / 280)
    np.testing.assert_allclose(stroke.points[[0, -1]], [SEVEN[0][0], SEVEN[0][-1]], atol=0.01)
    assert (picture.kind, picture.strokes) == ("picture", ())


def test_corrections_outlive_the_page_and_are_deleted_one_by_one_and_all(open_page: PageOpener) -> None:
    pad = open_page()
    for _ in range(3):
        pad.draw(SEVEN)
        correct(pad, "9")
        pad.page.keyboard.press("Delete")
    pad.page.reload()
    pad.expect_state("idle")
    panel = open_history(pad)
    cards = panel.get_by_role("listitem")
    expect(cards).to_have_count(3)
    expect(cards.first).to_contain_text("It was a 9")
    expect(cards.first).to_contain_text("read as 7")
    assert cards.first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 112
    cards.first.get_by_role("button", name="Delete a 9").click()
    expect(cards).to_have_count(2)
    panel.get_by_role("button", name="Delete all").click()
    expect(cards).to_have_count(2)
    panel.get_by_role("button", name="Really delete all 2?").click()
    expect(cards).to_have_count(0)
    expect(panel).to_contain_text("None yet.")
    pad.page.reload()
    expect(open_history(pad)).to_contain_text("None yet.")


def test_second_correction_of_a_drawing_replaces_the_first(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    correct(pad, "9")
    pad.page.keyboard.press("x")
    press_in_dialog(pad, "4")
    panel = open_history(pad)
    expect(panel.get_by_role("listitem")).to_have_count(1)
    expect(panel).to_contain_text("It was a 4")


def test_open_panel_shows_a_new_correction_at_once(open_page: PageOpener) -> None:
    pad = open_page()
    panel = open_history(pad)
    pad.draw(SEVEN)
    correct(pad, "2")
    expect(panel.get_by_role("listitem")).to_have_count(1)
    pad.draw([[(0.3, 0.5), (0.7, 0.5)]])
    expect(pad.page.locator("#wrong")).to_have_text("Wrong?")


def test_a_correction_is_undone_by_button_and_by_key_back_to_the_one_before(open_page: PageOpener) -> None:
    pad = open_page()
    cards = open_history(pad).get_by_role("listitem")
    pad.draw(SEVEN)
    correct(pad, "9")
    expect(cards).to_have_count(1)
    pad.page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(cards).to_have_count(0)
    expect(pad.page.locator("#wrong")).to_have_text("Wrong?")
    assert pad.text("#status") == ""
    correct(pad, "4")
    pad.page.keyboard.press("x")
    press_in_dialog(pad, "2")
    expect(cards).to_contain_text(["It was a 2"])
    pad.page.keyboard.press("Control+z")
    expect(cards).to_contain_text(["It was a 4"])
    assert pad.has_ink((0.5, 0.235)), "the drawing stays"
    pad.page.keyboard.press("Control+z")
    assert not pad.has_ink((0.5, 0.235)), "a second undo is the stroke's"
    expect(cards).to_have_count(1)


def test_dialog_cannot_correct_by_accident_nor_to_what_was_read(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.keyboard.press("x")
    dialog = pad.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="What did you draw?")).to_be_focused()
    expect(dialog.get_by_role("button", name="7", exact=True)).to_be_disabled()
    pad.page.keyboard.press("Enter")
    pad.page.keyboard.press("7")
    expect(dialog).to_be_visible()
    assert pad.text("#status") == ""
    pad.page.keyboard.press("Escape")
    expect(open_history(pad)).to_contain_text("None yet.")


def test_an_answer_that_was_no_digit_may_be_any_digit_but_not_none(open_page: PageOpener) -> None:
    pad = open_page()
    pad.answer_with(200, {**RESULT, "recognised": False})
    pad.draw(SEVEN)
    pad.expect_state("unsure")
    pad.page.keyboard.press("x")
    dialog = pad.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Not a digit")).to_be_disabled()
    expect(dialog.get_by_role("button", name="7", exact=True)).to_be_enabled()


def test_cancelled_correction_keeps_nothing(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    pad.draw(SEVEN)  # not by touch: Chromium takes no tap within a fifth of a second of a swift stroke
    pad.expect_state("answered")
    for by_key in (True, False):
        pad.page.get_by_role("button", name="Wrong?").tap()
        expect(pad.page.get_by_role("dialog")).to_be_visible()
        if by_key:
            pad.page.keyboard.press("Escape")
        else:
            pad.page.get_by_text("Cancel").tap()
        expect(pad.page.get_by_role("dialog")).to_be_hidden()
    expect(open_history(pad)).to_contain_text("None yet.")


def test_doubtful_answers_can_be_corrected_too(open_page: PageOpener) -> None:
    pad = open_page()
    pad.answer_with(200, {**RESULT, "recognised": False})
    pad.draw(SEVEN)
    pad.expect_state("unsure")
    pad.page.get_by_role("button", name="Wrong?").click()
    press_in_dialog(pad, "7")
    pad.expect_text("#status", "Saved: 7")


def test_browser_without_storage_shows_a_message(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.evaluate("() => { IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }; }")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.get_by_role("button", name="Wrong?").click()
    press_in_dialog(pad, "1")
    pad.expect_status("This browser does not let the page keep corrections")
    expect(open_history(pad)).to_contain_text("does not let the page keep corrections")
