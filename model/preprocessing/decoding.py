"""Decodes bytes to pictures, within bounds: only documented formats, no bombs, the camera's rotation obeyed."""

import struct
import warnings
import zlib
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from model.errors import ImageTooLarge, InvalidImage, UnsupportedImage
from model.preprocessing.png import chunks, unpacked

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000  # a phone's camera has 12 to 24 million
JPEG_SIDE = 512  # px; larger JPEGs are decoded at the smallest scale of at least this

_READS = "PNG, JPEG, WebP, BMP, GIF and TIFF are read"


def decode_picture(data: bytes) -> Image.Image:
    """Decode the first frame of a picture and turn it upright.

    Args:
        data: a whole file of one of `FORMATS`, told by its content.

    Raises:
        ImageTooLarge: more than `MAX_BYTES` or `MAX_PIXELS`.
        UnsupportedImage: not a picture of these formats, or a broken one.
    """
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"the picture has {len(data):,} bytes; at most {MAX_BYTES:,} are accepted")
    if not data:
        raise UnsupportedImage(f"the picture is empty; {_READS}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata; only the pixels matter
            return _decode(data)
    except InvalidImage:
        raise
    except UnidentifiedImageError as error:
        raise UnsupportedImage(f"this is not a picture that can be read ({len(data):,} bytes); {_READS}") from error
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"the picture has too many pixels; at most {MAX_PIXELS:,} are accepted") from error
    except Exception as error:  # decoders raise many exceptions of no common base class
        raise UnsupportedImage(f"the picture is broken and cannot be decoded; {_READS}") from error


def _decode(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(unpacked(data)), formats=FORMATS)
    if picture.format == "PNG":
        _check_pixels_of_png(data)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(f"the picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted")
    if picture.format == "JPEG":
        picture.draft("L", (JPEG_SIDE, JPEG_SIDE))
    picture.load()
    return ImageOps.exif_transpose(picture) if "exif" in picture.info or picture.format == "TIFF" else picture


def _check_pixels_of_png(data: bytes) -> None:
    """Refuse pixels that were damaged on their way: Pillow compares the checksums of all chunks but theirs."""
    for kind, start, end in chunks(data):  # Pillow reports a truncated file
        if kind == b"IDAT" and data[end : end + 4] != struct.pack(">I", zlib.crc32(memoryview(data)[start - 4 : end])):
            raise UnsupportedImage(f"the picture is broken: the checksum of its pixels is wrong; {_READS}")
