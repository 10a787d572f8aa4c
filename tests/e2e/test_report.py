"""The report in a real browser: fits phone and desktop, light and dark, requests nothing."""

from io import BytesIO
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser

from model.evaluation.report import REPORT_FILE, write_report
from tests.reporting import small_report

ColorScheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def report_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, *small_report())
    return (folder / REPORT_FILE).as_uri()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_and_every_picture_loads(
    browser: Browser, report_url: str, width: int, scheme: ColorScheme
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        problems: list[str] = []
        page.on("console", lambda line: problems.append(line.text))
        page.on("request", lambda one: problems.append(one.url) if not one.url.startswith(("file:", "data:")) else None)
        page.goto(report_url)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        broken = "[...document.images].filter(one => one.complete && one.naturalWidth === 0).map(one => one.alt)"
        page.wait_for_function("[...document.images].every(one => one.complete)")
        assert page.evaluate(broken) == []
        brightness = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
        assert (max(page.evaluate(brightness)) < 60) == (scheme == "dark")
        assert problems == []
    finally:
        context.close()


@pytest.mark.parametrize(("scheme", "paper", "ink"), [("light", 253, 28), ("dark", 23, 230)])
def test_plots_follow_the_theme_of_the_page(
    browser: Browser, report_url: str, scheme: ColorScheme, paper: int, ink: int
) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 900}, color_scheme=scheme)
    try:
        page = context.new_page()
        page.goto(report_url)
        with Image.open(BytesIO(page.locator("#accuracy img").screenshot())) as shot:
            counts = shot.convert("L").histogram()
        assert max(range(256), key=counts.__getitem__) == pytest.approx(paper, abs=4)
        assert sum(counts[max(0, ink - 6) : ink + 7]) > 100  # the axes and their labels
    finally:
        context.close()
