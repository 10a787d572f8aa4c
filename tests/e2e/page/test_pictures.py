"""Pictures instead of drawings: chosen, photographed, pasted, dropped, and random test digits."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from model.data.digits import load_mnist
from model.data.page_samples import build_samples
from tests.drawing import draw_digit, encoded
from tests.e2e.example_seven import SEVEN

if TYPE_CHECKING:
    from tests.e2e.pad_page import PadPage
    from tests.e2e.page.conftest import PageOpener

FAILED_REQUEST = "Failed to load resource"
MAX_SIDE_PX = 1600
MAX_BYTES = 2**20
EXIF_ORIENTATION = 274
TURN_LEFT = 6  # to be turned a quarter clockwise before it is looked at
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}

GIVE = """([way, name, type, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const event = way === "paste"
        ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
}"""


def photograph(digit: int = 5, **options: object) -> bytes:
    """A large grey photograph of a digit, as a JPEG."""
    picture = draw_digit(digit, size=(3200, 2400), box=(1100, 500, 1000, 1400), width=120, ink=60, paper=215)
    return encoded(picture.convert("RGB"), "JPEG", quality=90, **options)


def choose(pad: PadPage, data: bytes, name: str = "digit.jpg", media_type: str = "image/jpeg") -> None:
    pad.page.get_by_role("button", name="Picture").click()
    pad.choose_file(name, media_type, data)


def test_chosen_photograph_is_shrunk_sent_and_read(open_page: PageOpener) -> None:
    pad = open_page()
    photo = photograph()
    choose(pad, photo)
    pad.expect_state("answered")
    assert pad.text("#answer") == "5"
    (sent,) = pad.pictures()
    assert len(sent) <= MAX_BYTES
    assert Image.open(io.BytesIO(sent)).size == (MAX_SIDE_PX, 1200)
    assert pad.has_ink((0.5, 0.5)), "the pad shows it"
    assert not pad.has_ink((0.5, 0.02)), "whole, with its own proportions"


def test_a_small_digit_in_a_large_photograph_is_read(open_page: PageOpener) -> None:
    pad = open_page()
    picture = draw_digit(4, size=(4000, 3000), box=(2300, 1700, 40, 60), width=6, ink=50, paper=220)
    choose(pad, encoded(picture.convert("RGB"), "JPEG", quality=90))
    pad.expect_state("answered")
    assert pad.text("#answer") == "4"


MARKED = """() => {
    const canvas = document.getElementById("pad");
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.width);
    const mark = [180, 60, 10]; // --mark by day
    const at = [];
    for (let i = 0; i < data.length; i += 4) {
        if (mark.every((value, channel) => Math.abs(data[i + channel] - value) < 12)) {
            at.push([(i / 4) % width / width, Math.floor(i / 4 / width) / width]);
        }
    }
    const along = (axis) => at.map((place) => place[axis]);
    return at.length ? [0, 1].map((axis) => [Math.min(...along(axis)), Math.max(...along(axis))]) : null;
}"""


def test_a_frame_shows_what_was_read_in_a_picture_and_goes_with_it(open_page: PageOpener) -> None:
    pad = open_page()
    picture = Image.new("L", (280, 280), 255)
    picture.paste(draw_digit(7, size=(120, 120), box=(20, 15, 80, 90), width=9), (140, 20))
    ImageDraw.Draw(picture).rectangle((4, 4, 275, 275), outline=0, width=2)
    choose(pad, encoded(picture), "seven.png", "image/png")
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"
    pad.expect_text("#caption", "The frame shows what was read.")
    (left, right), (top, bottom) = pad.page.evaluate(MARKED)
    assert (left, right) == pytest.approx((160 / 280, 240 / 280), abs=0.06)
    assert (top, bottom) == pytest.approx((35 / 280, 125 / 280), abs=0.06)
    pad.page.get_by_role("button", name="Clear").click()
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    assert pad.page.evaluate(MARKED) is None
    assert pad.text("#caption") == ""


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_pasted_and_dropped_pictures_are_read(open_page: PageOpener, way: str) -> None:
    pad = open_page()
    pad.page.evaluate(GIVE, [way, "two.png", "image/png", base64.b64encode(encoded(draw_digit(2))).decode()])
    pad.expect_state("answered")
    assert pad.text("#answer") == "2"


def test_small_picture_is_sent_as_it_is(open_page: PageOpener) -> None:
    pad = open_page()
    data = encoded(draw_digit(3))
    choose(pad, data, "three.png", "image/png")
    pad.expect_state("answered")
    assert pad.pictures() == [data]


def test_exif_rotation_is_obeyed(open_page: PageOpener) -> None:
    pad = open_page()
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = TURN_LEFT
    lying = draw_digit(7, size=(1800, 2400), box=(500, 500, 800, 1400), width=120).rotate(90, expand=True)
    choose(pad, encoded(lying, "JPEG", exif=exif))
    pad.expect_state("answered")
    assert pad.text("#answer") == "7"
    (sent,) = pad.pictures()
    assert Image.open(io.BytesIO(sent)).size == (1200, MAX_SIDE_PX)


def test_white_ink_on_transparent_paper_is_read_after_shrinking(open_page: PageOpener) -> None:
    pad = open_page()
    ink = draw_digit(2, size=(800, 800), box=(250, 150, 300, 500), width=60, ink=255, paper=0)
    picture = Image.merge("LA", (Image.new("L", ink.size, 255), ink)).convert("RGBA")
    choose(pad, encoded(picture), "white.png", "image/png")
    pad.expect_state("answered")
    assert pad.text("#answer") == "2"


def test_noise_is_sent_within_the_size_limit(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expected_problem = FAILED_REQUEST  # whatever the recogniser thinks of noise
    noise = Image.effect_noise((2000, 2000), 120).convert("RGB")
    choose(pad, encoded(noise), "noise.png", "image/png")
    pad.expect_requests(1)
    (sent,) = pad.pictures()
    assert 100_000 < len(sent) <= MAX_BYTES


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "empty.png", "“empty.png” is empty."),
        (b"hello", "note.txt", "“note.txt” can’t be opened as an image."),
        (encoded(draw_digit(1))[:60], "half.png", "“half.png” can’t be opened as an image."),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "a.svg",
            "can’t be opened as an image",
        ),
    ],
    ids=["empty", "text", "truncated", "svg"],
)
def test_file_that_is_no_picture_shows_a_message_and_the_drawing_stays(
    open_page: PageOpener, data: bytes, name: str, words: str
) -> None:
    pad = open_page()
    pad.draw(SEVEN)
    pad.expect_state("answered")
    choose(pad, data, name, "image/svg+xml" if name.endswith("svg") else "image/png")
    pad.expect_status(words)
    assert pad.text("#answer") == "7", "a notice never replaces an answer"
    pad.expect_state("answered")
    assert pad.has_ink((0.5, 0.235))
    pad.draw([[(0.3, 0.5), (0.7, 0.5)]])
    pad.page.wait_for_selector("body:is([data-state=answered], [data-state=unsure])")


def test_dropped_link_shows_a_message_and_does_not_leave_the_page(open_page: PageOpener) -> None:
    pad = open_page()
    url = pad.page.url
    pad.page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text/uri-list", "https://digits.example/7.png");
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    pad.expect_status("Only image files can be dropped here")
    assert pad.page.url == url


def test_dragging_a_picture_shows_where_it_may_go(open_page: PageOpener) -> None:
    pad = open_page()
    drag = """(type) => document.body.dispatchEvent(
        new DragEvent(type, { dataTransfer: new DataTransfer(), bubbles: true, cancelable: true }))"""
    outline = "getComputedStyle(document.querySelector('.sheet')).outlineStyle"
    pad.page.evaluate(drag, "dragover")
    assert pad.page.evaluate(outline) == "dashed"
    pad.page.evaluate(drag, "dragleave")
    assert pad.page.evaluate(outline) == "solid"


def test_drawing_on_a_picture_begins_anew_and_undo_brings_it_back(open_page: PageOpener) -> None:
    pad = open_page()
    choose(pad, encoded(draw_digit(3)), "three.png", "image/png")
    pad.expect_text("#answer", "3")
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    pad.page.keyboard.press("Control+z")
    pad.expect_text("#answer", "3")


def test_phones_have_a_button_for_the_camera_and_others_do_not(open_page: PageOpener) -> None:
    phone = open_page(**PHONE)
    camera = phone.page.get_by_role("button", name="Photo")
    expect(camera).to_be_visible()
    assert phone.page.locator("#camera").get_attribute("capture") == "environment"
    camera.click()
    phone.choose_file("photo.jpg", "image/jpeg", photograph(4))
    phone.expect_state("answered")
    assert phone.text("#answer") == "4"
    expect(open_page().page.get_by_role("button", name="Photo")).to_be_hidden()


@pytest.fixture
def samples(data_root: Path, tmp_path: Path) -> Path:
    """The folder of a sprite with 30 test digits."""
    build_samples(load_mnist(data_root, train=False), 3, tmp_path)
    return tmp_path


def test_random_test_digits_show_label_and_score(open_page: PageOpener, samples: Path) -> None:
    labels = json.loads((samples / "samples.json").read_text())["labels"]
    pad = open_page(config={"samples": True})
    pad.page.route(
        re.compile(r"/samples\.(json|png)$"),
        lambda route: route.fulfill(path=samples / route.request.url.rsplit("/", 1)[-1]),
    )
    shown = []
    for number in range(1, 7):
        pad.page.keyboard.press("r")
        pad.expect_requests(number)
        expect(pad.page.locator("#caption")).to_contain_text(VERDICT, timeout=15_000)
        caption = pad.text("#caption")
        shown.append(label_in(caption))
        if pad.text("#answer") != "?":
            assert ("Correct" in caption) == (pad.text("#answer") == shown[-1])
        assert number == 1 or f"of {number} right)" in caption
    assert all(shown.count(label) <= labels.count(label) for label in shown)
    assert len({bytes(picture) for picture in pad.pictures()}) == 6, "none comes twice"
    assert Image.open(io.BytesIO(pad.pictures()[-1])).size == (28, 28)
    pad.expect_text("#caption", caption)
    pad.page.click("#clear")
    assert pad.text("#caption") == ""


VERDICT = re.compile("Correct|Wrong")


def label_in(caption: str) -> str:
    match = re.match(r"This is an? (\d)\. ", caption)
    assert match, caption
    return match[1]


def test_the_pages_own_drawings_need_no_data_and_are_read(open_page: PageOpener) -> None:
    pad = open_page()
    labels = []
    for number in range(1, 31):
        pad.page.get_by_role("button", name="Test digit").click()
        pad.expect_requests(number)
        ending = f"of {number} right)" if number > 1 else ""
        expect(pad.page.locator("#caption")).to_contain_text(re.compile(rf"(Correct|Wrong).*{re.escape(ending)}$"))
        labels.append(label_in(pad.text("#caption")))
    assert sorted(labels) == sorted("0123456789" * 3)
    assert len({bytes(picture) for picture in pad.pictures()}) == 30, "none comes twice"
    right = re.search(r"\((\d+) of 30 right\)", pad.text("#caption"))
    assert right and int(right[1]) >= 27
    assert not any(url.endswith(("samples.png", "samples.json")) for url in pad.all_urls)


def test_a_drawing_that_does_not_load_leaves_the_answer(open_page: PageOpener) -> None:
    pad = open_page()
    pad.expected_problem = FAILED_REQUEST
    pad.draw(SEVEN)
    pad.expect_text("#answer", "7")
    pad.page.route("**/drawings.json", lambda route: route.fulfill(status=404))
    pad.page.get_by_role("button", name="Test digit").click()
    pad.expect_text("#status", "The digits to try do not load right now.")
    assert pad.text("#answer") == "7"
    pad.page.unroute_all()
    pad.page.get_by_role("button", name="Test digit").click()
    expect(pad.page.locator("#caption")).to_contain_text("This is a")
