"""Real Chromium for the page's tests, and where the page comes from; pad_page.py holds the hand that draws in it."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.e2e.hosting import hosted
from tests.e2e.pad_page import PadPage

if TYPE_CHECKING:
    from tests.conftest import Service

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

PageOpener = Callable[..., PadPage]
InkShare = Callable[[bytes], float]


@pytest.fixture
def ink_share() -> InkShare:
    """Tells the share of a picture that is ink, in [0, 1]."""

    def share(picture: bytes) -> float:
        histogram = Image.open(io.BytesIO(picture)).convert("L").histogram()
        return sum(histogram[:128]) / sum(histogram)

    return share


@pytest.fixture
def sub_path_url() -> Iterator[str]:
    """The folder of the page behind a plain static host, one level down."""
    with hosted() as url:
        yield f"{url}static_client/"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine: CHROMIUM names it, else it is looked for on the PATH."""
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        reason = f"no browser: set CHROMIUM to one, or install one of {', '.join(CHROMIUM_NAMES)}"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[PageOpener]:
    """Opens the served page (`path` is put behind its address), in a window of its own.

    A complaint of the browser's that the test does not expect fails it.
    """
    contexts: list[BrowserContext] = []
    opened: list[PadPage] = []

    def opener(
        path: str = "/", *, url: str | None = None, width: int = 1280, height: int = 800, **more: Any
    ) -> PadPage:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        pad = PadPage(context.new_page())
        opened.append(pad)
        pad.page.goto(url or service.page_url + path)
        return pad

    yield opener
    for context in contexts:
        context.close()
    assert [pad.unexpected_problems() for pad in opened] == [[] for _ in opened]
