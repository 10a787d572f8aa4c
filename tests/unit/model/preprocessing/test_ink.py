"""Finding ink: by its levels in clean pictures, by the ink network where anything else is in them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from model.artifacts import LABELS_FILE
from model.errors import NoInk
from model.locations import RELEASED, ROOT, data_folder
from model.preprocessing import looks
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import digit_image, find_digit
from model.preprocessing.ink import locate_ink
from model.recogniser import Recogniser
from tests.drawing import DIGITS, draw_digit, encoded

CASES = data_folder().parent / "cases"


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load_folder(RELEASED, ROOT / LABELS_FILE)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("the ink network was asked")

    monkeypatch.setattr(looks, "released_segmenter", fail)


def ruled(digit: int) -> Image.Image:
    """A digit on squared paper whose lines are as dark as its ink."""
    picture = draw_digit(digit).convert("L")
    pen = ImageDraw.Draw(picture)
    for place in range(20, 280, 60):
        pen.line((0, place, 280, place), fill=0, width=2)
        pen.line((place, 0, place, 280), fill=0, width=2)
    return picture


def framed(digit: int, inset: int, width: int) -> Image.Image:
    picture = draw_digit(digit).convert("L")
    ImageDraw.Draw(picture).rectangle((inset, inset, 279 - inset, 279 - inset), outline=0, width=width)
    return picture


def shaded(digit: int) -> Image.Image:
    levels = np.asarray(draw_digit(digit, ink=40, paper=230).convert("L")).copy()
    levels[:, 150:] = levels[:, 150:] // 2
    return Image.fromarray(cv2.GaussianBlur(levels, (3, 3), 0))


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("digit", [0, 3, 6, 8, 9])
def test_a_digit_on_a_clean_canvas_needs_no_network(digit: int) -> None:
    assert digit_image(draw_digit(digit)).any()


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_as_mnist_has_it_needs_no_network(digit: int) -> None:
    small = draw_digit(digit).convert("L").resize((20, 20), Image.Resampling.BOX)
    assert digit_image(Image.fromarray(np.pad(255 - np.asarray(small), 4))).any()


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("disturb", [ruled, shaded, lambda d: framed(d, 0, 2), lambda d: framed(d, 6, 3)])
def test_lines_frames_and_shadows_are_no_ink(digit: int, disturb: object, recogniser: Recogniser) -> None:
    image = digit_image(disturb(digit))  # type: ignore[operator]
    [reading] = recogniser.read(image[np.newaxis])
    assert (reading.label, reading.recognised) == (str(digit), True)


def test_paper_with_lines_alone_holds_no_ink(recogniser: Recogniser) -> None:
    picture = ruled(1)
    picture.paste(255, (75, 55, 210, 230))
    picture.paste(ruled(1).crop((0, 0, 70, 280)).resize((280, 280)), (0, 0))
    try:
        [reading] = recogniser.read(digit_image(picture)[np.newaxis])
    except NoInk:
        return
    assert not reading.recognised


@pytest.mark.parametrize(("disturb", "most"), [(draw_digit, 3), (ruled, 14), (lambda d: framed(d, 0, 2), 6)])
def test_the_box_of_the_ink_is_where_the_digit_is(disturb: object, most: int) -> None:
    for digit in DIGITS:
        x, y, width, height = find_digit(disturb(digit)).box  # type: ignore[operator]
        ink = 255 - np.asarray(draw_digit(digit).convert("L"))
        left, top, across, down = cv2.boundingRect(ink)
        apart = (x - left, y - top, x + width - left - across, y + height - top - down)
        assert max(map(abs, apart)) <= most, digit


def test_the_box_of_a_small_digit_on_a_large_photograph_is_in_its_own_pixels() -> None:
    photo = Image.new("L", (1500, 1000), 235)
    photo.paste(draw_digit(5).convert("L").resize((140, 140)).point(lambda level: min(level, 235)), (900, 300))
    x, y, width, height = find_digit(photo).box
    assert 920 < x < 960
    assert 320 < y < 360
    assert 40 < width < 90
    assert 60 < height < 110


def test_a_box_never_leaves_the_picture() -> None:
    for size in ((1, 7), (16, 16), (300, 20), (641, 333)):
        levels = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
        try:
            found = locate_ink(Image.fromarray(levels))
        except NoInk:
            continue
        x, y, width, height = found.box((size[1], size[0]))
        assert 0 <= x < x + width <= size[1]
        assert 0 <= y < y + height <= size[0]


@pytest.mark.skipif(not CASES.exists(), reason="needs the collected cases, which lie beside the checkout")
@pytest.mark.parametrize("path", sorted(CASES.glob("*_[be]*.png")), ids=lambda path: path.stem)
def test_collected_pictures_with_frames_are_read(path: Path, recogniser: Recogniser) -> None:
    [reading] = recogniser.read(digit_image(Image.open(path))[np.newaxis])
    assert (reading.label, reading.recognised) == ("7", True)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_box_is_in_the_pixels_of_the_upright_file_however_small_it_was_decoded(orientation: int) -> None:
    photo = Image.new("L", (2400, 1600), 235)
    photo.paste(draw_digit(4).convert("L").resize((560, 560)).point(lambda level: min(level, 235)), (1500, 300))
    turns = {1: 0, 3: 180, 6: 90, 8: 270}  # degrees anticlockwise that EXIF says to undo
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encoded(photo.rotate(turns[orientation], expand=True), "JPEG", quality=90, exif=exif.tobytes())
    decoded = decode_picture(data)
    assert decoded.width < photo.width
    x, y, width, height = find_digit(decoded).box
    left, top, across, down = cv2.boundingRect(235 - np.asarray(photo))
    assert max(abs(x - left), abs(y - top), abs(x + width - left - across), abs(y + height - top - down)) <= 24


@pytest.mark.parametrize("seed", range(40))
def test_a_drawing_that_has_just_begun_is_ink(seed: int) -> None:
    """The page asks while one draws: a dot or the first lines of a digit are no empty paper."""
    rng = np.random.default_rng(seed)
    places = np.cumsum(np.vstack([rng.integers(80, 200, 2), rng.integers(-50, 50, (rng.integers(1, 4), 2))]), axis=0)
    picture = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    line = [tuple(map(int, place)) for place in np.clip(places, 30, 250)]
    ImageDraw.Draw(picture).line(line, fill="black", width=int(rng.integers(6, 26)), joint="curve")
    assert locate_ink(picture).image.any()


@pytest.mark.parametrize("size", [(1, 2000), (2000, 1), (3, 1500)])
def test_long_thin_pictures_are_looked_at_or_called_blank(size: tuple[int, int]) -> None:
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).line((size[0] // 4, size[1] // 4, 3 * size[0] // 4, 3 * size[1] // 4), fill=0)
    try:
        x, y, width, height = find_digit(picture).box
    except NoInk:
        return
    assert x + width <= size[0] and y + height <= size[1]
