"""Decoding: documented formats only, within bounds, upright; everything else is a clear error."""

import numpy as np
import pytest
from PIL import Image

from model.errors import ImageTooLarge, UnsupportedImage
from model.pictures import FORMATS, MAX_BYTES, decode_picture
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
