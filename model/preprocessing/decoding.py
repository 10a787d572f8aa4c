"""Decodes bytes to pictures, within bounds: only documented formats, no bombs, the camera's rotation obeyed.

Only pixels decide: broken metadata is ignored, and so is a JPEG's missing end.
"""

import re
import warnings
from contextlib import suppress
from io import BytesIO

from PIL import ExifTags, Image, ImageChops, UnidentifiedImageError

from model.errors import ImageTooLarge, InvalidImage, UnsupportedImage
from model.preprocessing import jpeg, png

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
ANY_BYTES = "application/octet-stream"
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000  # a phone's camera has 12 to 24 million
JPEG_SIDE = 512  # px; larger JPEGs are decoded at the smallest scale of at least this
SENT_SIZE = "sent_size"  # in a picture's `info`: width and height before such a reduction, upright

_SIGNATURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP|BM|GIF8[79]a|(?:II|MM)(?:\0[*+]|[*+]\0)", re.DOTALL
)
_END_OF_JPEG = b"\xff\xd9"
_FILLINGS = (b"\x00", b"\x55", b"\xaa", b"\x96\x69", b"\xff\x00")  # bits that decode to different pixels
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation, how to turn a picture upright; 1 is upright."""
_ON_ITS_SIDE = (5, 6, 7, 8)  # orientations that swap width and height

_READS = "PNG, JPEG, WebP, BMP, GIF and TIFF are read"


def has_signature(data: bytes) -> bool:
    """Whether bytes begin as a file of one of `FORMATS` does."""
    return _SIGNATURE.match(data) is not None


def media_type(data: bytes) -> str:
    """The media type of a file of one of `FORMATS`, told by its first bytes; for other files that of any bytes."""
    with suppress(UnidentifiedImageError):
        return Image.open(BytesIO(data), formats=FORMATS).get_format_mimetype() or ANY_BYTES
    return ANY_BYTES


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
    try:
        return _upright(_open(data))
    except InvalidImage:
        raise
    except Exception:
        bare = _without_metadata(data)
        if bare == data:
            raise
        return _upright(_open(bare))


def _without_metadata(data: bytes) -> bytes:
    if data.startswith(png.SIGNATURE):
        return png.without_metadata(data)
    return jpeg.without_metadata(data) if data.startswith(jpeg.SIGNATURE) else data


def _open(data: bytes) -> Image.Image:
    if data.startswith(jpeg.SIGNATURE) and not data.endswith(_END_OF_JPEG):
        return _open_jpeg_without_end(data)
    return _open_whole(data)


def _open_whole(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(png.unpacked(data)), formats=FORMATS)
    if picture.format == "PNG":
        _check_pixels_of_png(data)
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(f"the picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are accepted")
    if picture.format == "JPEG":
        picture.draft("L", (JPEG_SIDE, JPEG_SIDE))
    picture.load()
    if picture.size != (width, height):
        picture.info[SENT_SIZE] = (width, height)
    return picture


def _open_jpeg_without_end(data: bytes) -> Image.Image:
    """Open a JPEG that other bytes than its end marker end.

    Whatever follows the pixels is not decoded, so where the pixels are whole, all fillings look the same.
    """
    try:
        return _open_whole(data)  # the marker lies before the last byte
    except OSError:
        pixels = data.rstrip(b"\xff")  # half a marker
        pictures = (_open_whole(pixels + filling * 512 + _END_OF_JPEG) for filling in _FILLINGS)
        first = next(pictures)
        if any(ImageChops.difference(first, other).getbbox(alpha_only=False) for other in pictures):
            raise
        return first


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its camera says; metadata that cannot be read says nothing.

    Not `ImageOps.exif_transpose`: it writes the metadata again, which fails for some that can be read.
    """
    if "exif" not in picture.info and picture.format != "TIFF":
        return picture
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # as many kinds as there are ways to break it
        return picture
    if orientation not in _UPRIGHT:
        return picture
    upright = picture.transpose(_UPRIGHT[orientation])
    if SENT_SIZE in picture.info and orientation in _ON_ITS_SIDE:
        upright.info[SENT_SIZE] = picture.info[SENT_SIZE][::-1]
    return upright


def sent_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height, upright, of the picture that was sent: large JPEGs are decoded smaller."""
    width, height = picture.info.get(SENT_SIZE, picture.size)
    return width, height


def _check_pixels_of_png(data: bytes) -> None:
    """Refuse pixels that were damaged on their way: Pillow compares the checksums of all chunks but theirs."""
    for kind, start, end in png.chunks(data):  # Pillow reports a truncated file
        if kind == b"IDAT" and not png.is_undamaged(data, start, end):
            raise UnsupportedImage(f"the picture is broken: the checksum of its pixels is wrong; {_READS}")
