"""The one preprocessing: whatever the picture, the digit on it arrives as MNIST would have drawn it."""

from collections.abc import Callable
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from torchvision.datasets import MNIST

from model.errors import NoInk
from model.locations import RELEASED
from model.preprocessing.digit import BOX, MEAN, SIDE, STD, STROKE_WIDTH, digit_image, normalise, stroke_width
from model.preprocessing.images import bounding_box
from model.preprocessing.ink import find_ink
from model.preprocessing.levels import percentile_90
from model.recogniser import Recogniser
from model.training.batches import standardise, to_ink
from release.archive import LABELS
from tests.drawing import DIGITS, draw_digit, encoded

BLANK = Image.new("L", (280, 280), 255)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of what the network sees of two pictures, in grey levels of 255.

    Centres of mass are rounded to pixels, so pictures that differ by a hair may lie a pixel apart: aligned first.
    """
    seen, reference = digit_image(other).astype(int), digit_image(one).astype(int)
    shifts = product((-1, 0, 1), repeat=2)
    return min(float(np.abs(np.roll(seen, shift, axis=(0, 1)) - reference).mean()) for shift in shifts)


def assert_all_are_read(pictures: list[Image.Image]) -> None:
    """The released network reads the ten digits in order, without doubt."""
    recogniser = Recogniser.load_folder(RELEASED, LABELS)
    readings = recogniser.read(np.stack([digit_image(picture) for picture in pictures]))
    assert [reading.label for reading in readings] == [str(digit) for digit in DIGITS]
    assert all(reading.recognised for reading in readings)


def on_transparent_paper(digit: int, ink: tuple[int, int, int]) -> Image.Image:
    """A drawing as a browser's canvas gives it: coloured ink, everything else transparent."""
    alpha = ImageOps.invert(draw_digit(digit))
    picture = Image.new("RGBA", alpha.size, (*ink, 0))
    picture.putalpha(alpha)
    return picture


def photographed(digit: int, seed: int = 0) -> Image.Image:
    """Grey ink on yellowish, grainy paper with a shadow across it."""
    drawn = np.asarray(draw_digit(digit, width=10), dtype=float) / 255
    rng = np.random.default_rng(seed)
    shadow = np.linspace(1.0, 0.55, drawn.shape[1])[np.newaxis] * np.linspace(1.0, 0.85, drawn.shape[0])[:, np.newaxis]
    grain = rng.normal(0, 4, drawn.shape)
    grey = (0.3 + 0.7 * drawn) * shadow * 225 + grain
    return Image.fromarray(np.clip(grey[..., np.newaxis] * (1, 0.97, 0.85), 0, 255).astype(np.uint8), "RGB")


def dimly_lit(digit: int, shadow: float) -> Image.Image:
    """A small digit in the middle of grainy paper that darkens to its edges; half of it lies in a hand's shadow."""
    drawn = np.asarray(draw_digit(digit, box=(105, 95, 70, 90), width=8), dtype=float) / 255
    y, x = np.mgrid[-1 : 1 : drawn.shape[0] * 1j, -1 : 1 : drawn.shape[1] * 1j]
    light = (1 - 0.2 * (x * x + y * y)) * (1 - shadow / (1 + np.exp(-12 * (x + 0.6 * y))))
    grain = np.random.default_rng(digit).normal(0, 2, drawn.shape)
    return Image.fromarray(np.clip((0.25 + 0.75 * drawn) * light * 200 + grain, 0, 255).astype(np.uint8))


def tight_scan(digit: int, side: int) -> Image.Image:
    """Grey, dark on light, and nothing around the ink: at most `side` px."""
    drawn = draw_digit(digit, width=24)
    scan = drawn.crop(ImageOps.invert(drawn).getbbox())
    scan.thumbnail((side, side), Image.Resampling.BOX)
    return scan


def unevenly_lit(picture: Image.Image) -> Image.Image:
    """Greyer ink and paper, darker to the right, with grain."""
    grain = np.random.default_rng(0).normal(0, 3, picture.size[::-1])
    light = np.linspace(1.0, 0.8, picture.width)[np.newaxis]
    return Image.fromarray(((60 + 0.6 * np.asarray(picture)) * light + grain).astype(np.uint8))


def as_jpeg(picture: Image.Image) -> Image.Image:
    return Image.open(BytesIO(encoded(picture, "JPEG", quality=70)))


def test_a_mnist_digit_comes_out_nearly_unchanged(data_root: Path) -> None:
    digits = MNIST(str(data_root), train=True).data[:2000].numpy()
    differences = np.array([np.abs(digit_image(Image.fromarray(d)).astype(int) - d).mean() for d in digits])
    assert np.median(differences) < 0.5
    assert np.mean(differences < 3) > 0.95


def test_the_input_is_normalised_as_mnist_when_served_and_when_trained() -> None:
    images = np.stack([digit_image(draw_digit(digit)) for digit in DIGITS])
    inputs = normalise(images)
    assert inputs.shape == (len(DIGITS), 1, SIDE, SIDE)
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs[:, 0] * STD + MEAN, images / 255, atol=1e-6)
    assert normalise(np.zeros((1, 2, 2), np.uint8))[0, 0, 0, 0] == pytest.approx(-MEAN / STD)
    assert np.array_equal(inputs, standardise(to_ink(torch.from_numpy(images))))


@pytest.mark.parametrize("digit", DIGITS)
def test_ink_fills_the_box_and_its_mass_lies_in_the_middle(digit: int) -> None:
    image = digit_image(draw_digit(digit)).astype(float)
    rows, columns = np.nonzero(image)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == BOX
    centre = [(image * axis).sum() / image.sum() for axis in np.indices(image.shape)]
    assert centre == pytest.approx([SIDE / 2, SIDE / 2], abs=0.51)


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(ImageOps.invert, id="inverted"),
        pytest.param(lambda picture: ImageOps.expand(picture, 150, 255), id="padded"),
        pytest.param(lambda picture: ImageOps.expand(picture, (0, 0, 400, 0), 255), id="padded to one side"),
        pytest.param(lambda picture: picture.convert("RGB"), id="RGB"),
        pytest.param(lambda picture: picture.convert("P"), id="palette"),
        pytest.param(lambda picture: picture.convert("CMYK"), id="CMYK"),
        pytest.param(lambda picture: picture.convert("1", dither=Image.Dither.NONE), id="1 bit"),
        pytest.param(lambda picture: picture.convert("I").point(lambda v: v * 257), id="16 bit"),
        pytest.param(lambda picture: picture.convert("F"), id="float"),
        pytest.param(lambda picture: picture.point(lambda v: 90 + v // 4), id="low contrast"),
        pytest.param(lambda picture: picture.crop((60, 40, 220, 240)), id="cropped"),
    ],
)
def test_what_does_not_change_the_digit_does_not_change_the_result(
    digit: int, change: Callable[[Image.Image], Image.Image]
) -> None:
    drawn = draw_digit(digit)
    assert difference(drawn, change(drawn)) < 4


@pytest.mark.parametrize("side", [112, 140, 560, 1120])
def test_size_changes_neither_the_answer_nor_much_of_the_picture(side: int) -> None:
    """The shorter side of the ink is rounded to whole pixels of 20, as MNIST's is: here and there one tips over."""
    drawn = [draw_digit(digit) for digit in DIGITS]
    resized = [picture.resize((side, side)) for picture in drawn]
    assert np.median([difference(one, other) for one, other in zip(drawn, resized, strict=True)]) < 3
    assert_all_are_read(resized)


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (200, 30, 30)], ids=["black", "white", "red"])
@pytest.mark.parametrize("digit", DIGITS)
def test_transparent_paper_contrasts_with_its_ink(digit: int, ink: tuple[int, int, int]) -> None:
    assert difference(draw_digit(digit), on_transparent_paper(digit, ink)) < 1


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (30, 90, 160)], ids=["white", "black", "blue"])
@pytest.mark.parametrize("margin", [0, 40])
@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_cut_out_of_an_opaque_sheet_is_ink(digit: int, margin: int, colour: tuple[int, int, int]) -> None:
    drawn = ImageOps.expand(draw_digit(digit), margin, fill=255)
    picture = Image.new("RGBA", drawn.size, colour)
    picture.putalpha(ImageOps.expand(draw_digit(digit), margin, fill=0))
    assert difference(drawn, picture) < 1


@pytest.mark.parametrize(("width", "height"), [(20, 200), (12, 240), (60, 200)])
def test_one_straight_stroke_of_opaque_ink_is_no_sheet(width: int, height: int) -> None:
    picture = Image.new("RGBA", (280, 280), (0, 0, 0, 0))
    box = (140 - width // 2, 140 - height // 2, 140 + width // 2, 140 + height // 2)
    ImageDraw.Draw(picture).rounded_rectangle(box, width // 2, fill="black")
    opaque = Image.new("RGBA", picture.size, "white")
    opaque.alpha_composite(picture)
    assert difference(opaque, picture) < 1


def test_a_sheet_with_transparent_margins_keeps_its_paper() -> None:
    on_table, on_white = Image.new("RGBA", (400, 400), (0, 0, 0, 0)), Image.new("L", (400, 400), 255)
    on_table.paste(draw_digit(5).convert("RGBA"), (60, 60))
    on_white.paste(draw_digit(5), (60, 60))
    assert difference(on_white, on_table) < 1


@pytest.mark.parametrize("digit", DIGITS)
def test_photographed_ink_is_found_on_uneven_paper(digit: int) -> None:
    assert difference(draw_digit(digit, width=10), photographed(digit)) < 12


@pytest.mark.parametrize("shadow", [0.0, 0.2, 0.4])
def test_neither_shadow_nor_dark_edges_turn_paper_into_ink(shadow: float) -> None:
    assert_all_are_read([dimly_lit(digit, shadow) for digit in DIGITS])


@pytest.mark.parametrize("side", [16, 20, 28, 40, 64, 160])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda picture: picture, id="as scanned"),
        pytest.param(ImageOps.invert, id="inverted"),
        pytest.param(as_jpeg, id="JPEG"),
        pytest.param(unevenly_lit, id="unevenly lit"),
    ],
)
def test_a_tight_crop_has_ink_of_the_right_polarity(side: int, change: Callable[[Image.Image], Image.Image]) -> None:
    """Nothing but ink tells what the paper is like: these were taken for blank once."""
    for digit in DIGITS:
        scan = tight_scan(digit, side)
        assert difference(ImageOps.expand(scan, 2 * side, 255), change(scan)) < 12, digit


@pytest.mark.parametrize("width", [3, 6, 12, 26, 32])
@pytest.mark.parametrize("digit", DIGITS)
def test_hairlines_and_markers_come_out_with_strokes_that_mnist_knows(digit: int, width: int) -> None:
    ink = find_ink(Image.fromarray(digit_image(draw_digit(digit, width=width))))
    low, high = STROKE_WIDTH
    assert low - 0.5 < stroke_width(ink[bounding_box(ink)]) < high + 0.6


def test_a_block_is_not_thinned_to_a_1() -> None:
    picture = np.zeros((28, 28), dtype=np.uint8)
    picture[4:24, 8:20] = 255
    ink = digit_image(Image.fromarray(picture))
    assert ink[bounding_box(ink)].shape == (BOX, 0.6 * BOX)


def test_a_stroke_stays_a_one_and_keeps_its_aspect() -> None:
    image = digit_image(draw_digit(1, width=12))
    rows, columns = np.nonzero(image)
    assert np.ptp(rows) + 1 == BOX
    assert np.ptp(columns) + 1 < 0.5 * BOX


@pytest.mark.parametrize("corner", [(4, 4), (270, 6), (8, 268)])
def test_stray_specks_do_not_move_the_digit(corner: tuple[int, int]) -> None:
    drawn = draw_digit(4)
    speckled = drawn.copy()
    speckled.paste(0, (*corner, corner[0] + 5, corner[1] + 5))
    assert difference(drawn, speckled) < 0.5


def test_a_small_digit_in_a_large_photograph_is_looked_at_closely() -> None:
    large = Image.new("L", (3000, 2000), 250)
    large.paste(draw_digit(8, paper=250), (2400, 300))
    assert difference(draw_digit(8), large) < 4


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(BLANK, id="white"),
        pytest.param(Image.new("L", (280, 280), 0), id="black"),
        pytest.param(Image.new("L", (1, 1), 7), id="one pixel"),
        pytest.param(Image.new("RGBA", (280, 280), (0, 0, 0, 0)), id="transparent"),
        pytest.param(Image.new("RGB", (300, 20), (120, 130, 140)), id="one colour"),
        pytest.param(
            Image.fromarray(np.random.default_rng(1).normal(200, 3, (280, 280)).clip(0, 255).astype(np.uint8)),
            id="bare grainy paper",
        ),
    ],
)
def test_a_picture_without_ink_is_refused(picture: Image.Image) -> None:
    with pytest.raises(NoInk, match="blank"):
        digit_image(picture)


@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    mode=st.sampled_from(["1", "L", "LA", "RGB", "RGBA", "P", "CMYK", "I", "F", "I;16"]),
    data=st.data(),
)
def test_any_picture_gives_an_input_or_is_blank(width: int, height: int, mode: str, data: st.DataObject) -> None:
    row_bytes = {"1": (width + 7) // 8, "L": width, "P": width, "LA": 2 * width, "I;16": 2 * width, "RGB": 3 * width}
    size = row_bytes.get(mode, 4 * width) * height
    picture = Image.frombytes(mode, (width, height), data.draw(st.binary(min_size=size, max_size=size)))
    try:
        image = digit_image(picture)
    except NoInk:
        return
    assert image.shape == (SIDE, SIDE) and image.dtype == np.uint8
    assert image.any()


@given(st.lists(st.floats(0, 255, width=32), min_size=1, max_size=300))
def test_the_level_of_full_ink_is_numpys_percentile_to_the_last_bit(values: list[float]) -> None:
    ink = np.array(values, dtype=np.float32)
    assert percentile_90(ink) == float(np.percentile(ink, 90))
