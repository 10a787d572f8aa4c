"""Accessibility: axe-core, keyboard alone, forced colours, less motion, small and large windows."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.e2e.example_seven import CLOSE, RESULT, SEVEN

if TYPE_CHECKING:
    from tests.e2e.pad_page import PadPage
    from tests.e2e.page.conftest import PageOpener

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
LEAST_TARGET_PX = 44
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
WINDOWS = [
    (320, 568),
    (390, 664),
    (568, 320),
    (667, 375),
    (844, 390),
    (768, 1024),
    (1024, 768),
    (1440, 900),
    (3840, 2160),
]
ZOOMED = [(640, 400), (720, 450)]  # 1280x800 and 1440x900 at 200%
FAILED_REQUEST = "Failed to load resource"


def violations(pad: PadPage) -> list[str]:
    """What axe-core finds wrong with the page as it is, of any seriousness."""
    pad.until(lambda: bool(pad.page.evaluate("document.getAnimations().length === 0")))
    pad.page.evaluate(AXE)
    found: list[dict[str, Any]] = pad.page.evaluate("axe.run().then((results) => results.violations)")
    return [f"{each['impact']} {each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize(
    "window",
    [{"width": 1440, "height": 900, "color_scheme": "light"}, {**PHONE, "color_scheme": "dark"}],
    ids=["desktop, light", "phone, dark"],
)
def test_axe_finds_nothing_in_any_state(open_page: PageOpener, window: dict[str, Any]) -> None:
    pad = open_page(**window)
    pad.expected_problem = FAILED_REQUEST
    assert violations(pad) == [], "idle"
    pad.draw(SEVEN)
    pad.expect_state("answered")
    assert violations(pad) == [], "answered"
    pad.page.get_by_role("button", name="Wrong?").click()
    expect(pad.page.get_by_role("dialog")).to_be_visible()
    assert violations(pad) == [], "correction"
    pad.page.get_by_role("dialog").get_by_role("button", name="1", exact=True).click()
    pad.expect_text("#status", "Saved: 1")
    assert violations(pad) == [], "saved"
    for panel, sign in (("Look inside", ".figures"), ("The model", "#card a"), ("Corrections", ".cards li")):
        pad.page.get_by_role("button", name=panel).click()
        pad.page.wait_for_selector(sign)
        assert violations(pad) == [], panel
    pad.page.evaluate("scrollTo(0, 0)")
    pad.answer_with(200, {**RESULT, "recognised": False})
    pad.draw([[(0.2, 0.2), (0.3, 0.8)]])
    pad.expect_state("unsure")
    assert violations(pad) == [], "unsure"
    pad.page.unroute_all()
    pad.answer_with(200, CLOSE)
    pad.draw([[(0.4, 0.2), (0.4, 0.8)]])
    pad.expect_text("#rival", "7")
    assert violations(pad) == [], "two answers"
    pad.page.unroute_all()
    pad.page.route("**/predictions/**", lambda route: route.abort())
    pad.draw([[(0.8, 0.2), (0.8, 0.8)]])
    pad.expect_state("error")
    assert violations(pad) == [], "error"
    pad.page.keyboard.press("?")
    expect(pad.page.get_by_role("dialog")).to_be_visible()
    assert violations(pad) == [], "shortcuts"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_model_card(open_page: PageOpener, scheme: str) -> None:
    pad = open_page("/card.html", color_scheme=scheme)
    expect(pad.page.locator("article table").first).to_be_visible()
    assert violations(pad) == []


@pytest.mark.parametrize("window", [{"width": 320, "height": 568, "has_touch": True, "is_mobile": True}, PHONE])
def test_everything_that_is_tapped_is_as_large_as_a_fingertip(open_page: PageOpener, window: dict[str, Any]) -> None:
    pad = open_page(**window)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.get_by_role("button", name="Wrong?").click()
    assert small_targets(pad) == []
    pad.page.get_by_role("dialog").get_by_role("button", name="1", exact=True).click()
    pad.page.get_by_role("button", name="Corrections").click()
    pad.page.wait_for_selector(".cards li")
    assert small_targets(pad) == []


def small_targets(pad: PadPage) -> list[str]:
    script = """(least) => [...document.querySelectorAll("button, a, input, label.choice")]
        .filter((each) => each.checkVisibility({ visibilityProperty: true }))
        .filter((each) => Math.min(each.offsetWidth, each.offsetHeight) < least)
        .map((each) => `${each.outerHTML.slice(0, 80)} ${each.offsetWidth} x ${each.offsetHeight}`)"""
    small: list[str] = pad.page.evaluate(script, LEAST_TARGET_PX)
    return small


@pytest.mark.parametrize("result", [RESULT, CLOSE], ids=["one answer", "two answers"])
@pytest.mark.parametrize(("width", "height"), [*WINDOWS, *ZOOMED])
def test_nothing_is_cut_off_or_on_top_of_another(
    open_page: PageOpener, width: int, height: int, result: dict[str, Any]
) -> None:
    pad = open_page(width=width, height=height)
    pad.answer_with(200, result)
    pad.draw(SEVEN)
    pad.expect_text("#answer", result["label"])
    expect(pad.page.locator("#wrong")).to_be_visible()
    assert pad.page.evaluate("document.documentElement.scrollWidth") <= width
    script = """() => {
        const parts = [...document.querySelectorAll(
            "h1, #pad, .tools > *, .digits > *, #confidence, #wrong, #bars :is(b, span), "
            + ":is(.sources, .shelf) button, footer p")]
            .filter((each) => each.checkVisibility({ visibilityProperty: true }));
        const boxes = parts.map((each) => each.getBoundingClientRect());
        const found = [];
        boxes.forEach((a, i) => boxes.forEach((b, j) => {
            if (i < j && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) {
                found.push(`${parts[i].outerHTML.slice(0, 60)} and ${parts[j].outerHTML.slice(0, 60)}`);
            }
        }));
        return found;
    }"""
    assert pad.page.evaluate(script) == []


def test_panels_and_dialogs_fit_the_smallest_window(open_page: PageOpener) -> None:
    pad = open_page(width=320, height=568)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    too_wide = """(selector) => [...document.querySelector(selector).querySelectorAll("*")]
        .filter((each) => each.getBoundingClientRect().right > each.closest(selector).getBoundingClientRect().right)
        .map((each) => each.outerHTML.slice(0, 80))"""
    for key, part, sign in (("i", "#inside", ".figures"), ("m", "#card", "dl"), ("?", "#keys", "dl")):
        pad.page.keyboard.press(key)
        expect(pad.page.locator(f"{part} {sign}")).to_be_visible()
        assert pad.page.evaluate(too_wide, part) == [], part


def test_tab_goes_through_the_page_in_order_and_out_of_it(open_page: PageOpener) -> None:
    pad = open_page()
    names = []
    for _ in range(20):
        pad.page.keyboard.press("Tab")
        name = pad.page.evaluate("""() => {
            const it = document.activeElement;
            return it === document.body ? "" : (it.ariaLabel ?? it.innerText).trim();
        }""")
        if not name:
            break
        names.append(name)
    order = ["Keyboard shortcuts", "Undo", "Redo", "Eraser", "Pen width", "Clear", "Picture", "Test digit"]
    assert names == [*order, "Look inside", "The model", "Corrections"], "as they stand on the page, and then out of it"


def test_focus_is_visible(open_page: PageOpener) -> None:
    pad = open_page()
    for _ in range(3):
        pad.page.keyboard.press("Tab")
    outline = pad.page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "3px" in outline and "solid" in outline


def test_answers_and_errors_are_announced(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    expect(pad.page.locator("#announcement")).to_contain_text("7, 9", timeout=15_000)
    for selector in ("#announcement", "#status"):
        assert pad.page.locator(selector).get_attribute("role") == "status"
    pad.page.keyboard.press("Control+z")
    pad.expect_text("#announcement", "Undone.")


def test_forced_colours_keep_bars_and_slider_visible(open_page: PageOpener) -> None:
    pad = open_page(forced_colors="active")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    colours = pad.page.evaluate("""() => {
        const style = (selector, pseudo) => getComputedStyle(document.querySelector(selector), pseudo);
        return {
            bar: style(".likeliest i", "::before").backgroundColor,
            track: style(".likeliest i").backgroundColor,
            wedge: style(".width", "::before").backgroundColor,
            page: style("body").backgroundColor,
            pressed: style("#undo").borderColor,
        };
    }""")
    assert colours["bar"] not in (colours["track"], colours["page"])
    assert colours["wedge"] != colours["page"]
    assert colours["pressed"] != colours["page"]


def test_forced_colours_keep_the_attributions_colours_apart_from_the_ink(open_page: PageOpener) -> None:
    pad = open_page(forced_colors="active", color_scheme="light")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.keyboard.press("i")
    expect(pad.page.locator("#inside .figures")).to_be_visible()
    ink = pad.page.evaluate("getComputedStyle(document.querySelector('#inside canvas')).color")
    red, green, blue = map(int, re.findall(r"\d+", ink)[:3])
    assert min(red, green, blue) > 150, "the strokes below the colours are pale"


def test_hovering_does_not_look_like_pressing_or_opening(open_page: PageOpener) -> None:
    pad = open_page()
    background = "(selector) => getComputedStyle(document.querySelector(selector)).backgroundColor"
    for selector in (".shelf button", "#sample"):
        before = pad.page.evaluate(background, selector)
        pad.page.hover(selector)
        pad.until(lambda: bool(pad.page.evaluate("document.getAnimations().length === 0")))
        assert pad.page.evaluate(background, selector) == before


def test_shares_and_bars_read_well_from_right_to_left(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.evaluate("document.documentElement.dir = 'rtl'")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    directions = pad.page.evaluate("""() => [...document.querySelectorAll("#confidence, #bars span")]
        .map((each) => getComputedStyle(each).direction)""")
    assert set(directions) == {"ltr"}, "the sign stays behind its number"
    x = {name: pad.page.locator(name).bounding_box() for name in ("#answer", "#confidence", "#wrong")}
    assert x["#answer"]["x"] > x["#confidence"]["x"] > x["#wrong"]["x"]  # type: ignore[index]
    pad.until(lambda: bool(pad.page.evaluate("document.getAnimations().length === 0")))
    first, shown = pad.page.evaluate("""() => ["0", "7"].map((digit) => {
        const track = document.querySelectorAll("#bars i")[digit];
        return parseFloat(getComputedStyle(track, "::before").translate.replace("calc(", "")); // per cent of the track
    })""")
    assert first > 99, "an empty bar's fill waits on the right"
    assert abs(shown) < 2


def test_reduced_motion_stops_every_animation(open_page: PageOpener) -> None:
    pad = open_page(reduced_motion="reduce")
    held = pad.hold_requests()
    pad.draw(SEVEN)
    pad.until(lambda: len(held) > 0)
    assert pad.page.evaluate("document.getAnimations().length") == 0
    durations = pad.page.evaluate("""() => [...document.querySelectorAll("*")].flatMap((each) =>
        [each, "::before", "::after"].map((it) => it === each ? getComputedStyle(each) : getComputedStyle(each, it))
    ).filter((style) => style.transitionDuration !== "0s" || style.animationName !== "none").length""")
    assert durations == 0


def test_ink_takes_the_themes_colour_when_it_changes(open_page: PageOpener) -> None:
    pad = open_page(color_scheme="light")
    pad.draw(SEVEN)
    pad.expect_state("answered")
    script = """() => pad.getContext("2d").getImageData(pad.width * 0.5, pad.height * 0.235, 1, 1).data[0]"""
    assert pad.page.evaluate(script) < 80
    pad.page.emulate_media(color_scheme="dark")
    pad.until(lambda: bool(pad.page.evaluate(script) > 200))
