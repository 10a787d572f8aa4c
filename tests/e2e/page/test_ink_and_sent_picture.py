"""Ink from fingers, pens and palms, on dense screens; the sent picture is at most 3 KB."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from tests.e2e.pad_page import Strokes
    from tests.e2e.page.conftest import InkShare, PageOpener

MAX_PICTURE_BYTES = 3072
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}
ONE: Strokes = [[(0.52, 0.2), (0.5, 0.8)]]
SEVEN: Strokes = [[(0.28, 0.24), (0.5, 0.235), (0.7, 0.23), (0.58, 0.5), (0.47, 0.82)]]


def test_picture_is_a_small_png_that_the_theme_does_not_touch(open_page: PageOpener) -> None:
    pictures = []
    for scheme in ("light", "dark"):
        pad = open_page(color_scheme=scheme)
        pad.draw(SEVEN)
        pad.expect_state("answered")
        assert "content-type" not in pad.requests[-1].headers, "or the browser would ask for leave first"
        pictures.append(pad.pictures()[-1])
    light, dark = pictures
    assert light == dark
    assert len(light) <= MAX_PICTURE_BYTES
    picture = Image.open(io.BytesIO(light))
    assert (picture.format, picture.mode, picture.width) == ("PNG", "L", picture.height)
    assert picture.getpixel((0, 0)) == 255
    assert picture.getpixel((picture.width // 2, round(0.235 * picture.height))) == 0


def test_busiest_drawing_still_makes_a_small_picture(open_page: PageOpener, ink_share: InkShare) -> None:
    pad = open_page()
    script = """async () => {
        const { encodeStrokes } = await import("./drawing/raster.js");
        const dots = Array.from({ length: 900 }, (_, i) => (
            { width: 0.07, erases: false, points: [{ x: (i * 0.618) % 1, y: i / 900 }] }
        ));
        return [...await encodeStrokes(dots)];
    }"""
    picture = bytes(pad.page.evaluate(script))
    assert len(picture) <= MAX_PICTURE_BYTES
    assert ink_share(picture) > 0.3


def test_resize_and_dense_screens_keep_the_drawing(open_page: PageOpener) -> None:
    pad = open_page(device_scale_factor=2)
    pad.draw(SEVEN)
    pad.expect_state("answered")
    pad.page.set_viewport_size({"width": 390, "height": 844})
    pad.until(lambda: bool(pad.page.evaluate("pad.clientWidth < 390 && pad.width === 2 * pad.clientWidth")))
    assert pad.has_ink((0.5, 0.235))
    assert not pad.has_ink((0.3, 0.8))
    assert pad.text("#answer") == "7"


def test_second_finger_does_not_draw(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    fingers = pad.devtools()
    pad.touch(fingers, "touchStart", (0.2, 0.2))
    pad.touch(fingers, "touchStart", (0.2, 0.2), (0.8, 0.2))
    pad.touch(fingers, "touchMove", (0.2, 0.8), (0.8, 0.8))
    pad.touch(fingers, "touchEnd")
    assert pad.has_ink((0.2, 0.5))
    assert not pad.has_ink((0.8, 0.5))


def test_palm_does_not_draw_beside_the_pen(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    devtools = pad.devtools()
    for kind, y in (("mousePressed", 0.2), ("mouseMoved", 0.8), ("mouseReleased", 0.8)):
        x_px, y_px = pad.locate((0.3, y))
        pen = {
            "type": kind,
            "x": x_px,
            "y": y_px,
            "button": "left",
            "buttons": 1,
            "pointerType": "pen",
            "clickCount": 1,
        }
        devtools.send("Input.dispatchMouseEvent", pen)
    for kind, y in (("touchStart", 0.2), ("touchMove", 0.8)):  # at once: the page is on its guard for a second only
        pad.touch(devtools, kind, (0.8, y))
    pad.touch(devtools, "touchEnd")
    assert pad.has_ink((0.3, 0.5))
    assert not pad.has_ink((0.8, 0.5))


def test_cancelled_pointer_ends_the_stroke_and_keeps_it(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    pad.draw_by_touch(ONE, end="touchCancel")
    pad.expect_state("answered")
    assert pad.text("#answer") == "1"


def test_touch_cancelled_at_once_is_a_palm(open_page: PageOpener) -> None:
    pad = open_page(**PHONE)
    pad.draw_by_touch([[(0.5, 0.5), (0.51, 0.5)]], end="touchCancel")
    pad.expect_state("idle")
    assert not pad.has_ink((0.5, 0.5))


def test_stroke_may_leave_the_pad_and_come_back(open_page: PageOpener) -> None:
    pad = open_page()
    pad.draw([[(0.7, 0.3), (1.2, 0.3), (1.2, 0.7), (0.7, 0.7)]])
    assert pad.has_ink((0.85, 0.3))
    assert pad.has_ink((0.85, 0.7))
    assert not pad.has_ink((0.85, 0.5))
