"""Bytes of the first visit, layout shift, when the page asks; all ten digits are read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from serving.supervisor import STATIC_FOLDER
from tests.drawing import DIGITS
from tests.e2e.example_seven import SEVEN
from tests.e2e.pad_page import on_pad

if TYPE_CHECKING:
    from tests.e2e.page.conftest import PageOpener

PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}
DESKTOP = {"width": 1440, "height": 900}
MAX_FIRST_LOAD_BYTES = 60_000
MAX_PICTURE_BYTES = 3072
INTERVAL_MS = 130

SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((each) => (sum += each.value)));
    observer.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 200);
})"""


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("hand", ["touch", "mouse"])
def test_all_ten_digits_are_read(open_page: PageOpener, window: dict[str, Any], hand: str) -> None:
    pad = open_page(**{**window, "has_touch": hand == "touch"})
    read = []
    for digit in range(10):
        if hand == "touch":
            pad.draw_by_touch(on_pad(DIGITS[digit]), steps=2)
        else:
            pad.draw(on_pad(DIGITS[digit]), steps=2)
        pad.expect_state("answered")
        read.append(pad.text("#answer"))
        pad.page.keyboard.press("Delete")
        pad.expect_state("idle")
    assert read == list("0123456789")
    assert max(map(len, pad.pictures())) <= MAX_PICTURE_BYTES


def test_first_load_is_light_from_any_static_host(open_page: PageOpener, sub_path_url: str) -> None:
    pad = open_page(url=sub_path_url)
    pad.page.wait_for_load_state("networkidle")
    assert all(url.startswith(sub_path_url) for url in pad.all_urls)
    names = {url.removeprefix(sub_path_url) or "index.html" for url in pad.all_urls}
    sizes = {name: (STATIC_FOLDER / name).stat().st_size for name in names}  # as they are: nothing packs them
    assert sum(sizes.values()) < MAX_FIRST_LOAD_BYTES, sizes
    assert {"index.html", "styles/page.css", "app.js", "config.json"} < names
    later = {
        "panels/panels.js",
        "keyboard/shortcuts_dialog.js",
        "recogniser/failure_diagnosis.js",
        "pictures/picture_file.js",
        "pictures/samples.js",
        "pictures/drawings.json",
        "drawing/raster.js",
        "styles/panels.css",
    }
    assert all((STATIC_FOLDER / name).is_file() for name in later)
    assert not later & names, "what is not wanted yet is not loaded"


def test_every_module_of_the_first_load_is_preloaded(open_page: PageOpener) -> None:
    pad = open_page()
    pad.page.wait_for_load_state("networkidle")
    named = pad.page.evaluate("""() => [...document.querySelectorAll("link[rel=modulepreload], script[src]")]
        .map((each) => each.href || each.src)""")
    loaded = {url for url in pad.all_urls if url.endswith(".js")}
    assert loaded == set(named)
    assert len(named) == len(loaded), "none is named twice"


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_shifts_while_the_page_loads_and_answers(open_page: PageOpener, window: dict[str, Any]) -> None:
    pad = open_page(**window)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.keyboard.press("Control+z")
    pad.expect_state("idle")
    assert pad.page.evaluate(SHIFTS) < 0.001


def test_the_pens_lifting_asks_without_waiting_for_a_timer(open_page: PageOpener) -> None:
    """All timers stand still, so that the answer can only be to what the pen's lifting itself asked."""
    pad = open_page()
    pad.page.clock.install()
    pad.page.clock.pause_at(pad.page.evaluate("Date.now() + 1000"))
    for _ in range(3):
        pad.draw(SEVEN)
        pad.expect_state("answered")
        assert pad.text("#answer") == "7"
        pad.page.keyboard.press("Delete")
        pad.expect_state("idle")


def test_moving_pen_asks_at_a_bounded_rate(open_page: PageOpener) -> None:
    pad = open_page()
    circle = [(0.5 + 0.3 * math.cos(t / 9), 0.5 + 0.3 * math.sin(t / 9)) for t in range(57)]
    pad.draw([circle], steps=2)
    pad.page.wait_for_selector("body:is([data-state=answered], [data-state=unsure])")
    duration_ms = pad.page.evaluate("performance.now()")
    assert 2 <= len(pad.requests) <= 3 + duration_ms / INTERVAL_MS
    assert max(map(len, pad.pictures())) <= MAX_PICTURE_BYTES
