"""Decoding: documented formats only, within bounds, upright; everything else is a clear error."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from model.errors import ImageTooLarge, InvalidImage, UnsupportedImage
from model.preprocessing import png
from model.preprocessing.decoding import FORMATS, MAX_BYTES, decode_picture
from model.preprocessing.png import unpacked
from tests import corpus
from tests.drawing import draw_digit, encoded


@pytest.mark.parametrize("format_", FORMATS)
def test_each_documented_format_is_decoded(format_: str) -> None:
    drawn = draw_digit(6)
    decoded = decode_picture(encoded(drawn, format_))
    assert np.abs(np.asarray(decoded.convert("L"), dtype=int) - np.asarray(drawn)).mean() < 2


def test_the_first_frame_of_an_animation_is_read() -> None:
    frames = [draw_digit(digit) for digit in (2, 9)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.asarray(decode_picture(data).convert("L")).tolist() == np.asarray(frames[0]).tolist()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_the_cameras_rotation_is_obeyed(format_: str) -> None:
    upright = draw_digit(7)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    decoded = decode_picture(encoded(turned, format_, exif=exif.tobytes()))
    assert np.abs(np.asarray(decoded.convert("L"), dtype=int) - np.asarray(upright)).mean() < 2


def test_metadata_that_cannot_be_written_again_still_turns_the_picture() -> None:
    upright = draw_digit(7)
    decoded = decode_picture(corpus.with_odd_metadata(upright))
    assert np.abs(np.asarray(decoded.convert("L"), dtype=int) - np.asarray(upright)).mean() < 2


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_without_its_end_marker_is_read(mode: str, progressive: bool, missing: int) -> None:
    whole = encoded(draw_digit(5).convert(mode), "JPEG", progressive=progressive)
    assert decode_picture(whole[:-missing]) == decode_picture(whole)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True, "quality": 40}])
def test_a_jpeg_that_lacks_pixels_is_never_read_as_another_picture(options: dict[str, object]) -> None:
    whole = encoded(draw_digit(8).convert("RGB"), "JPEG", **options)
    picture = decode_picture(whole)
    refused = 0
    for missing in range(3, 60):
        try:
            assert decode_picture(whole[:-missing]) == picture
        except UnsupportedImage:
            refused += 1
    assert refused > 40


SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6  # to be shown turned a quarter clockwise
PNG_METADATA = (
    b"tEXt",
    b"zTXt",
    b"iTXt",
    b"iCCP",
    b"gAMA",
    b"pHYs",
    b"cHRM",
    b"sRGB",
    b"tIME",
    b"bKGD",
    b"acTL",
    b"fcTL",
)
JPEG_METADATA = [*range(0xE0, 0xF0), 0xFE]


@given(st.sampled_from(PNG_METADATA), st.binary(max_size=40), st.booleans())
@example(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000)), True)
@example(b"fcTL", bytes(26), True)
def test_the_metadata_of_a_png_does_not_matter_however_broken(kind: bytes, content: bytes, is_sound: bool) -> None:
    whole = encoded(draw_digit(4), exif=SIDEWAYS)
    crc = None if is_sound else 1
    assert outcome(whole[:33] + corpus.chunk(kind, content, crc) + whole[33:])[:3] == outcome(whole)[:3]


@given(st.sampled_from(JPEG_METADATA), st.binary(max_size=40), st.sampled_from([b"", b"Exif\0\0", b"JFIF\0", b"MPF\0"]))
@example(0xE0, b"", b"JFIF\0")
@example(0xED, b"\x008BIM\x03\xed\0\0\0\0\0\x10\0H", b"Photoshop 3.0")
@example(0xE2, b"II*\0\xff\xff\xff\xff", b"MPF\0")
def test_the_metadata_of_a_jpeg_does_not_matter_however_broken(marker: int, content: bytes, head: bytes) -> None:
    whole = encoded(draw_digit(4), "JPEG", exif=SIDEWAYS)
    segment = struct.pack(">BBH", 0xFF, marker, 2 + len(head + content)) + head + content
    later = whole.index(b"\xff\xdb")  # after what says where the pixels' metadata is
    assert outcome(whole[:later] + segment + whole[later:]) == outcome(whole)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x89", id="one byte"),
        pytest.param(b"hello, I am a digit", id="text"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", id="SVG"),
        pytest.param(b"%PDF-1.7\n", id="PDF"),
        pytest.param(encoded(draw_digit(1), "PNG")[:300], id="truncated PNG"),
        pytest.param(encoded(draw_digit(1), "JPEG")[:400], id="truncated JPEG"),
        pytest.param(encoded(draw_digit(1), "PPM"), id="a format that is not documented"),
        pytest.param(encoded(draw_digit(1), "PNG").replace(b"IDAT", b"IDAT\xff", 1), id="corrupt PNG"),
    ],
)
def test_what_is_not_a_whole_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="PNG, JPEG, WebP, BMP, GIF and TIFF are read"):
        decode_picture(data)


def test_too_many_bytes_are_refused_before_decoding() -> None:
    with pytest.raises(ImageTooLarge, match=r"at most 5,242,880"):
        decode_picture(b"\x89PNG" + bytes(MAX_BYTES))


@pytest.mark.parametrize("side", [6_000, 30_000], ids=["many pixels", "bomb"])
def test_too_many_pixels_are_refused_before_decoding(side: int) -> None:
    data = bytearray(encoded(Image.new("1", (8, 8)), "BMP"))
    data[18:26] = side.to_bytes(4, "little") * 2  # width and height in the header
    with pytest.raises(ImageTooLarge, match="25,000,000"):
        decode_picture(bytes(data))


def as_pillow_decodes(data: bytes) -> tuple[object, ...]:
    """What comes of bytes where nothing is unpacked for Pillow: the picture, or the error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(png, "unpacked", lambda data: data)
        return outcome(data)


def outcome(data: bytes) -> tuple[object, ...]:
    try:
        picture = decode_picture(data)
    except InvalidImage as error:
        return type(error), str(error)
    return picture.mode, picture.size, picture.tobytes(), picture.info.get("transparency")


CANVAS = encoded(draw_digit(3).convert("RGBA"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("side", [10, 130, 300, 1100])
def test_a_png_is_unpacked_to_the_picture_that_pillow_decodes(mode: str, side: int) -> None:
    drawn = draw_digit(8, size=(side, side + 3), box=(1, 1, side * 0.8, side * 0.8))
    picture = Image.fromarray(np.asarray(drawn).astype(np.uint16) * 200) if mode == "I;16" else drawn.convert(mode)
    data = encoded(picture)
    assert outcome(data) == as_pillow_decodes(data)
    assert outcome(data)[1] == (side, side + 3)
    assert (unpacked(data) != data) == (16 * 1024 <= len(picture.tobytes()) + side + 3 < 4 * 1024 * 1024)


def test_what_cannot_be_unpacked_is_left_as_it_is() -> None:
    at = CANVAS.index(b"IDAT") + 4
    between = CANVAS[: at + 100] + b"????" + CANVAS[at + 100 :]
    for data in (b"", b"text", CANVAS[:20], CANVAS[:-20], between, encoded(draw_digit(3), "BMP")):
        assert unpacked(data) is data


@given(st.data())
def test_a_damaged_png_has_the_same_outcome_unpacked_or_not(data: st.DataObject) -> None:
    damaged = bytearray(unpacked(CANVAS) if data.draw(st.booleans()) else CANVAS)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, min(len(damaged), 2000) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))]) if data.draw(st.booleans()) else bytes(damaged)
    assert outcome(cut) == as_pillow_decodes(cut)
