"""Takes the README's pictures of the page; `PAGE_PICTURES=docs` writes them to docs/."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from model.locations import ROOT
from tests.drawing import DIGITS
from tests.e2e.pad_page import on_pad

if TYPE_CHECKING:
    from tests.e2e.page.conftest import PageOpener

DESKTOP = {"width": 1280, "height": 800, "color_scheme": "light"}
PHONE = {"width": 390, "height": 844, "color_scheme": "dark", "has_touch": True, "is_mobile": True}
SHOTS = [
    pytest.param("page-desktop.png", DESKTOP, 7, id="desktop"),
    pytest.param("page-phone.png", PHONE, 3, id="phone"),
]


@pytest.mark.parametrize(("name", "window", "digit"), SHOTS)
def test_page_looks_as_in_the_readme(
    open_page: PageOpener, tmp_path: Path, name: str, window: dict[str, Any], digit: int
) -> None:
    pad = open_page(**window)
    pad.draw(on_pad(DIGITS[digit]))
    pad.expect_state("answered")
    assert pad.text("#answer") == str(digit)
    pad.until(lambda: bool(pad.page.evaluate("document.getAnimations().length === 0")))
    path = Path(os.environ.get("PAGE_PICTURES") or tmp_path) / name
    pad.page.screenshot(path=path)
    for picture in (path, ROOT / "docs" / name):
        with Image.open(picture) as image:
            assert image.size == (window["width"], window["height"])
