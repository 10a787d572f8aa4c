"""The page of a recogniser of other labels than digits: its words, bars and corrections fit them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from benchmarks.torchserve import repacked
from model.artifacts import LABELS_FILE
from release.archive import build_archive
from tests.conftest import running_service
from tests.e2e.example_seven import SEVEN

if TYPE_CHECKING:
    from tests.conftest import Service
    from tests.e2e.page.conftest import PageOpener

LETTERS = "ABCDEFGHIJ"  # in the place of 0 to 9
ALPHABET = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SHAPES = ["circle", "hourglass", "star", "triangle"]
SIZES = [(390, 844), (844, 390), (320, 568), (768, 1024), (1440, 900)]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server of the released network, with letters for labels."""
    folder = tmp_path_factory.mktemp("letters")
    labels = json.dumps({str(index): letter for index, letter in enumerate(LETTERS)})
    archive = repacked(build_archive(folder / "mnist.mar"), {LABELS_FILE: labels}, folder / "letters.mar")
    with running_service(folder / "logs", "--archive", str(archive)) as service:
        yield service


def test_the_page_speaks_of_the_labels_that_are_served(open_page: PageOpener, letters: Service) -> None:
    pad = open_page(url=letters.page_url + "/")
    pad.expect_text(".hint", "Draw a symbol")
    pad.expect_text("h1", "Handwritten symbols")
    assert pad.page.title() == "Handwritten symbols – draw one, a neural network reads it"
    assert pad.page.locator("#bars b").all_text_contents() == list(LETTERS)
    expect(pad.page.get_by_role("button", name="Test digit")).to_be_hidden()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.text("#answer") == pad.text("#bars .likeliest b") == "H"
    pad.page.keyboard.press("r")
    pad.expect_status("this recogniser reads other symbols")


def test_a_letter_is_corrected_by_its_key_or_as_none(open_page: PageOpener, letters: Service) -> None:
    pad = open_page(url=letters.page_url + "/")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.keyboard.press("x")
    dialog = pad.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Not a symbol")).to_be_visible()
    assert dialog.locator(".keypad button").all_text_contents() == list(LETTERS)
    pad.page.keyboard.press("7")
    expect(dialog).to_be_visible()
    pad.page.keyboard.press("e")
    pad.expect_text("#status", "Saved: E")
    pad.page.get_by_role("button", name="Corrections").click()
    expect(pad.page.locator("#history")).to_contain_text("It was an E")
    expect(pad.page.locator("#history")).to_contain_text("read as H")


@pytest.mark.parametrize("labels", [ALPHABET, SHAPES, ["no", "yes"]], ids=["alphabet", "shapes", "two"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_any_labels_fit_the_window(open_page: PageOpener, labels: list[str], width: int, height: int) -> None:
    pad = open_page(config={"labels": labels}, width=width, height=height)
    pad.expect_text(".hint", "Draw a symbol")
    shares = dict.fromkeys(labels, 0.0) | {labels[-1]: 1.0}
    pad.answer_with(200, {"label": labels[-1], "confidence": 1.0, "recognised": True, "probabilities": shares})
    pad.draw(SEVEN)
    pad.expect_text("#answer", labels[-1])
    assert pad.page.locator("#bars b").all_text_contents() == labels
    assert pad.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    verdict, answer = (pad.page.locator(name).bounding_box() for name in (".verdict", "#answer"))
    assert verdict is not None
    assert answer is not None
    assert answer["x"] >= verdict["x"] - 1
    assert answer["x"] + answer["width"] <= verdict["x"] + verdict["width"]
    names = pad.page.locator("#bars b").evaluate_all(
        "all => all.map((b) => b.scrollWidth <= b.parentElement.clientWidth + 1)"
    )
    assert all(names), "a label is wider than its bar's column"


def test_labels_that_are_no_list_of_names_are_named(open_page: PageOpener) -> None:
    pad = open_page(config={"labels": "ABC"})
    pad.expect_status('The labels "ABC" are not a list of names.')
