"""The files that pictures are sent as: of every format and pixel mode, turned, of odd sizes, broken and blank."""

import math
from functools import lru_cache
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks.answer_requests.pictures import pick

MODES = {
    "1": ("PNG", "BMP", "TIFF"),
    "L": ("PNG", "JPEG", "BMP", "TIFF"),
    "LA": ("PNG", "WEBP", "TIFF"),
    "P": ("PNG", "GIF", "BMP", "TIFF"),
    "RGBA": ("PNG", "WEBP", "TIFF"),
    "CMYK": ("JPEG", "TIFF"),
    "YCbCr": ("JPEG", "TIFF"),
    "I;16": ("PNG", "TIFF"),
    "I": ("TIFF",),
    "F": ("TIFF",),
    "RGB of 16 bits": (".png", ".tiff"),  # OpenCV writes these: Pillow cannot
}
"""Pixels as Pillow calls them, each with the formats that can hold them."""

FORMATS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PNG", {"optimize": True}),
    ("JPEG", {"quality": 30}),
    ("JPEG", {"quality": 90, "progressive": True}),
    ("JPEG", {"quality": 100, "subsampling": 0}),
    ("WEBP", {"quality": 60}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("GIF", {}),
    ("TIFF", {}),
    *(("TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
)
SEVERAL_FRAMES = ("GIF", "WEBP", "PNG", "TIFF")
ORIENTATION = 0x0112  # EXIF's tag, 1 to 8
TURNED_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
NOT_ACCEPTED = ("ICO", "PPM", "TGA", "PCX")
TOO_MANY_BYTES = 5 * 1024 * 1024 + 1
NO_PICTURES = (
    b"",
    b"\x89",
    b"\0",
    b"seven",
    b"<!DOCTYPE html><html><body><img src=7.png></body></html>",
    b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M1 1h5l-3 8" stroke="#000"/></svg>',
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    b"PK\x03\x04" + bytes(100),
    b"GIF89a\xff\xff\xff\xff\x00\x00\x00",
)


def encoded(picture: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    buffer = BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def as_usual(picture: Image.Image) -> bytes:
    """Photographs as JPEG, drawings as PNG."""
    return encoded(picture, "JPEG" if picture.mode == "RGB" else "PNG")


def flattened(picture: Image.Image) -> Image.Image:
    """The picture without transparency, on white paper: L or RGB."""
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def as_mode(picture: Image.Image, rng: Generator) -> bytes:
    """A file of pixels of an odd mode."""
    mode = pick(rng, list(MODES))
    format_ = pick(rng, MODES[mode])
    flat = flattened(picture)
    if mode == "RGB of 16 bits":
        return cv2.imencode(format_, np.asarray(flat.convert("RGB"), dtype=np.uint16) * 257)[1].tobytes()
    if mode == "I;16":
        return encoded(Image.fromarray(np.asarray(flat.convert("L"), dtype=np.uint16) * 257), format_)
    if mode == "P":
        palette = flat.quantize(int(rng.integers(2, 257)))
        transparent = {"transparency": palette.getpixel((0, 0))} if rng.random() < 0.5 else {}
        return encoded(palette, format_, **transparent)
    if mode in ("I", "F"):
        flat = flat.convert("L")
    return encoded((picture if mode in ("LA", "RGBA") else flat).convert(mode), format_)


def as_format(picture: Image.Image, rng: Generator) -> bytes:
    """A file of any format and compression; some hold a second frame, and some end in garbage."""
    flat, kind = flattened(picture), rng.random()
    if kind < 0.2:
        frames = [flat.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
        return encoded(flat, pick(rng, SEVERAL_FRAMES), save_all=True, append_images=frames)
    format_, options = pick(rng, FORMATS)
    return encoded(flat, format_, **options) + (b"garbage" * 20 if kind < 0.3 else b"")


def as_turned(picture: Image.Image, rng: Generator) -> bytes:
    """A file whose EXIF data say how to turn or mirror the picture."""
    exif = Image.Exif()
    exif[ORIENTATION] = int(rng.integers(0, 10))  # 0 and 9 mean nothing
    return encoded(flattened(picture), pick(rng, TURNED_FORMATS), exif=exif)


def as_size(picture: Image.Image, rng: Generator) -> bytes:
    """A file of odd width and height: independent, a thin strip, or as large as a camera's."""
    kind = rng.random()
    if kind < 0.7:
        size = np.exp(rng.uniform(0, math.log(1000), 2))
    elif kind < 0.9:
        size = rng.permutation(np.array((rng.uniform(1, 4), rng.uniform(100, 8000))))
    else:
        size = np.exp(rng.uniform(math.log(1200), math.log(4000), 2))
    width, height = (max(1, round(length)) for length in size.tolist())
    resized = flattened(picture).resize((width, height), Image.Resampling.BILINEAR)
    return encoded(resized, "JPEG" if width * height > 1_000_000 else pick(rng, ("PNG", "JPEG", "BMP")))


def as_broken(picture: Image.Image, rng: Generator) -> bytes:
    """A file cut off, with some bytes changed, of a format that is not accepted, or no picture at all."""
    kind = rng.random()
    if kind < 0.2:
        return pick(rng, (*NO_PICTURES, _too_many_pixels(), bytes(TOO_MANY_BYTES)))
    if kind < 0.3:
        return encoded(flattened(picture), pick(rng, NOT_ACCEPTED))
    file = bytearray(encoded(flattened(picture), *pick(rng, [(format_,) for format_, _ in FORMATS])))
    if kind < 0.65:
        return bytes(file[: int(rng.integers(len(file)))])
    reach = pick(rng, (64, len(file)))  # the header is a small part
    for place in rng.integers(0, min(reach, len(file)), int(rng.integers(1, 20))).tolist():
        file[place] = int(rng.integers(256))
    return bytes(file)


def as_blank(picture: Image.Image, rng: Generator) -> bytes:
    """A file of the picture's size in one colour; every fifth with a single speck."""
    blank = Image.new("RGBA", picture.size, tuple(rng.integers(0, 256, 4).tolist()))
    mode = pick(rng, ("1", "L", "LA", "RGB", "RGBA"))
    file = blank.convert(mode)
    if rng.random() < 0.2:
        file.paste(Image.new(mode, (1, 1)), (picture.width // 2, picture.height // 2))
    return encoded(file)


@lru_cache(maxsize=1)
def _too_many_pixels() -> bytes:
    return encoded(Image.new("1", (5001, 5000), 1))
