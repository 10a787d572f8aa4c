"""The panels "Look inside" and "The model"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from model.locations import RELEASED
from tests.e2e.example_seven import SEVEN

if TYPE_CHECKING:
    from tests.e2e.pad_page import PadPage
    from tests.e2e.page.conftest import PageOpener

FAILED_REQUEST = "Failed to load resource"
COLOURS = """() => {
    const canvas = document.querySelector("#inside canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = { warm: 0, cool: 0 };
    for (let i = 0; i < data.length; i += 4) {
        found.warm += data[i] > data[i + 2] + 60;
        found.cool += data[i + 2] > data[i] + 60;
    }
    return found;
}"""


def open_inside(pad: PadPage) -> None:
    pad.page.get_by_role("button", name="Look inside").click()
    expect(pad.page.locator("#inside")).to_be_visible()


def test_look_inside_shows_input_feature_maps_and_attribution(
    open_page: PageOpener,
) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert pad.explanations == [], "nobody has asked for reasons yet"
    open_inside(pad)
    expect(pad.page.locator("#inside .figures")).to_be_visible(timeout=15_000)
    seen = pad.page.locator("#inside figure img")
    assert seen.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
    maps = pad.page.locator("#inside .maps img")
    assert maps.count() >= 8
    assert all(maps.evaluate_all("images => images.map((image) => image.naturalWidth > 0)"))
    colours = pad.page.evaluate(COLOURS)
    assert colours["warm"] > 500, "something speaks for a seven that is read as one"
    expect(pad.page.locator("#inside")).to_contain_text("What made it a 7")
    facts = pad.page.locator("#inside .facts")
    expect(facts).to_contain_text("mnist 1.0")
    expect(facts).to_contain_text(" ms")
    expect(facts).to_contain_text(f"{len(pad.pictures()[-1]):,} bytes")
    assert len(pad.explanations) == 1


def test_attribution_lies_on_the_drawing(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.locator("#width").fill("28")
    pad.draw([[(0.75, 0.6), (0.75, 0.9)]])  # a small one, far from the middle
    pad.page.wait_for_selector("body:is([data-state=answered], [data-state=unsure])")
    open_inside(pad)
    expect(pad.page.locator("#inside .figures")).to_be_visible(timeout=15_000)
    script = """() => {
        const canvas = document.querySelector("#inside canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const sum = { x: 0, y: 0, n: 0 };
        for (let i = 0; i < data.length; i += 4) {
            if (Math.abs(data[i] - data[i + 2]) > 60) {
                sum.x += ((i / 4) % canvas.width) / canvas.width;
                sum.y += Math.floor(i / 4 / canvas.width) / canvas.height;
                sum.n += 1;
            }
        }
        return [sum.x / sum.n, sum.y / sum.n];
    }"""
    x, y = pad.page.evaluate(script)
    assert x == pytest.approx(0.75, abs=0.06)
    assert 0.55 < y < 0.95


def test_open_panel_follows_the_drawing_and_does_not_delay_predictions(
    open_page: PageOpener,
) -> None:
    pad = open_page()
    open_inside(pad)
    expect(pad.page.locator("#inside")).to_contain_text("Draw, and this shows")
    held = []
    pad.page.route("**/explanations/**", lambda route: held.append(route))
    pad.draw(SEVEN)
    pad.until(lambda: len(held) == 1)
    pad.page.click("#clear")
    pad.draw([[(0.5, 0.2), (0.5, 0.8)]])
    pad.expect_text("#answer", "1")  # while the first explanation is still under way
    pad.until(lambda: len(held) == 2)
    held[1].continue_()
    expect(pad.page.locator("#inside")).to_contain_text("What made it a 1", timeout=15_000)
    names = [url.split("/")[-2] for url in pad.all_urls if url.endswith("/mnist")]
    assert names.count("explanations") == 2, "one for each finished drawing"
    assert names[names.index("explanations") - 1] == "predictions", "the answer comes first"


def test_closed_panel_asks_nothing(open_page: PageOpener) -> None:
    pad = open_page()
    open_inside(pad)
    pad.page.get_by_role("button", name="Look inside").click()
    expect(pad.page.locator("#inside")).to_be_hidden()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.evaluate("new Promise((done) => setTimeout(done, 400))")  # longer than an open panel waits
    assert pad.explanations == []


def test_recogniser_without_explanations_shows_a_message_and_reads_on(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expected_problem = FAILED_REQUEST
    pad.explain_with(501, {"code": 501, "type": "NotImplemented", "message": "No such thing."})
    open_inside(pad)
    pad.draw(SEVEN)
    expect(pad.page.locator("#inside [role=status]")).to_contain_text("HTTP 501", timeout=15_000)
    pad.expect_state("answered")
    assert pad.text("#status") == ""
    expect(pad.page.locator("#inside .facts")).to_contain_text("mnist 1.0")
    assert len(pad.explanations) == 1, "asked once, not again and again"


def test_explanation_of_another_shape_shows_a_message(open_page: PageOpener) -> None:
    pad = open_page()
    pad.explain_with(200, {"label": "7"})
    open_inside(pad)
    pad.draw(SEVEN)
    expect(pad.page.locator("#inside [role=status]")).to_contain_text("does not explain its answers", timeout=15_000)
    expect(pad.page.locator("#inside .figures")).to_be_hidden()


def test_model_panel_has_four_facts_one_sentence_and_the_card(open_page: PageOpener) -> None:
    metadata = json.loads((RELEASED / "mnist.json").read_text())
    measured = metadata["metrics"]["MNIST test"]
    pad = open_page()
    pad.page.keyboard.press("m")
    card = pad.page.locator("#card")
    expect(card.locator("dt")).to_have_text(["Read right", "Parameters", "Size", "Version"])
    expect(card).to_contain_text(f"{measured['accuracy']:.2%} of {measured['n']:,} (MNIST test)")
    expect(card).to_contain_text(f"{metadata['architecture']['parameters']:,}")
    expect(card).to_contain_text("It reads one digit a picture")
    box = card.bounding_box()
    assert box is not None and box["height"] < 400, "no diary"
    card.get_by_role("link", name="The whole model card").click()
    pad.page.wait_for_url("**/card.html")
    article = pad.page.locator("article")
    expect(article.get_by_role("heading", name="Limits")).to_be_visible()
    assert article.locator("table tr").count() > 20
    assert "](" not in article.inner_text() and "**" not in article.inner_text(), "Markdown is rendered"
    article.get_by_role("link", name="ONNX").first.click()
    assert pad.page.url.endswith("#as-onnx")
    expect(article.locator("#as-onnx")).to_be_in_viewport()
    pad.page.get_by_role("link", name="Back to drawing").click()
    pad.expect_state("idle")


def test_card_page_without_a_card_says_so(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url=f"{sub_path_url}card.html")
    pad.expected_problem = FAILED_REQUEST
    expect(pad.page.locator("article")).to_have_text("There is no model card beside this page.")


@pytest.mark.parametrize("window", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}])
@pytest.mark.parametrize("key", ["i", "m"])
def test_opened_panel_comes_into_sight_with_its_content(
    open_page: PageOpener, window: dict[str, int], key: str
) -> None:
    pad = open_page(**window)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.keyboard.press(key)
    panel, content = {"i": ("#inside", ".figures"), "m": ("#card", "a")}[key]
    expect(pad.page.locator(f"{panel} {content}").first).to_be_visible()

    def is_in_sight() -> bool:
        box = pad.page.locator(panel).bounding_box()
        assert box is not None
        is_whole = box["y"] >= 0 and box["y"] + box["height"] <= window["height"]
        return is_whole or (box["height"] > window["height"] and 0 <= box["y"] < 40)

    pad.until(is_in_sight)


def test_host_without_model_json_shows_a_message(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expected_problem = FAILED_REQUEST
    pad.page.route("**/model.json", lambda route: route.fulfill(status=404))
    pad.page.get_by_role("button", name="The model").click()
    expect(pad.page.locator("#card [role=status]")).to_contain_text("no description of its model")


def test_last_opened_panel_wins_however_late_the_first_loads(open_page: PageOpener) -> None:
    pad = open_page()
    held = []
    pad.page.route("**/model_panel.js", lambda route: held.append(route))
    pad.page.keyboard.press("m")
    pad.until(lambda: len(held) == 1)
    pad.page.keyboard.press("i")
    expect(pad.page.locator("#inside")).to_be_visible()
    held[0].continue_()
    pad.page.wait_for_selector("#card", state="attached")  # it has come
    expect(pad.page.locator("#inside")).to_be_visible()
    expect(pad.page.locator("#card")).to_be_hidden()


def test_last_opened_panel_wins_though_all_wait_for_the_same_module(open_page: PageOpener, sub_path_url: str) -> None:
    for _ in range(8):  # browsers finish several imports of one module in any order: about every third went wrong
        pad = open_page(url=sub_path_url)
        pad.expected_problem = FAILED_REQUEST  # no model is described beside this page
        pad.page.keyboard.press("m")
        pad.page.keyboard.press("i")
        expect(pad.page.locator("#inside")).to_be_visible()
        expect(pad.page.locator("#card")).to_be_hidden()
        pad.page.close()


def test_one_panel_at_a_time_and_buttons_say_which(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.keyboard.press("m")
    pad.page.keyboard.press("i")
    expect(pad.page.locator("#inside")).to_be_visible()
    expect(pad.page.locator("#card")).to_be_hidden()
    expanded = [button.get_attribute("aria-expanded") for button in pad.page.locator(".shelf button").all()]
    assert expanded == ["true", "false", "false"]
    pad.page.keyboard.press("i")
    expect(pad.page.locator("#inside")).to_be_hidden()
