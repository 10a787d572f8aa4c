"""Opens the page in Chromium, and tells where it comes from; tests/e2e/pad_page.py draws on it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.pad_page import PadPage
from tests.e2e.static_host import hosted

if TYPE_CHECKING:
    from tests.conftest import Service

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


@pytest.fixture
def open_page(browser: Browser, service: Service) -> Iterator[PageOpener]:
    """Opens the served page (`path` is put behind its address), in a window of its own.

    `config` is added to what the page's server answers for config.json.

    A complaint of the browser's that the test does not expect fails it.
    """
    contexts: list[BrowserContext] = []
    opened: list[PadPage] = []

    def opener(
        path: str = "/",
        *,
        url: str | None = None,
        config: dict[str, Any] | None = None,
        width: int = 1280,
        height: int = 800,
        **more: Any,
    ) -> PadPage:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        pad = PadPage(context.new_page())
        opened.append(pad)
        if config is not None:
            pad.change_config(config)
        pad.page.goto(url or service.page_url + path)
        return pad

    yield opener
    for context in contexts:
        context.close()
    assert [pad.unexpected_problems() for pad in opened] == [[] for _ in opened]
