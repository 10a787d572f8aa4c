"""Requests as a server on the open sea gets them: odd pictures to be read, bad ones with the status they must get."""

import base64
import gzip
import json
import math
import struct
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

from PIL import Image, ImageDraw

from tests.drawing import draw_digit, encoded

SEVEN = draw_digit(7)
PNG = encoded(SEVEN)
BASE64 = base64.b64encode(PNG).decode()


def chunk(kind: bytes, content: bytes, crc: int | None = None) -> bytes:
    """One chunk of a PNG, with a wrong checksum if one is given."""
    checksum = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A grey PNG of 8 bits that claims this size, whatever its chunks hold."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def with_odd_metadata(picture: Image.Image) -> bytes:
    """A JPEG that lies on its side and says so, beside a text that claims to be a fraction."""
    software, orientation = struct.pack("<HHIi", 0x0131, 5, 1, 38), struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    tags = b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + orientation + software + bytes(4) + struct.pack("<II", 1, 3)
    return encoded(picture.rotate(90, expand=True), "JPEG", exif=b"Exif\0\0" + tags)


def turned(picture: Image.Image) -> bytes:
    """A JPEG that lies on its side, and says so in its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter clockwise
    return encoded(picture.rotate(90, expand=True), "JPEG", exif=exif)


def animated() -> bytes:
    """A GIF whose first frame is a seven and whose second is a three."""
    return encoded(SEVEN, "GIF", save_all=True, append_images=[draw_digit(3)])


def transparent_palette() -> bytes:
    """Its paper is the transparent colour."""
    return encoded(SEVEN.quantize(16), transparency=SEVEN.quantize(16).getpixel((0, 0)))


def cut_out() -> bytes:
    """A seven cut out of a white sheet: its strokes are transparent."""
    sheet = Image.new("RGBA", SEVEN.size, "white")
    sheet.putalpha(SEVEN.convert("L"))
    return encoded(sheet)


def one_speck() -> bytes:
    picture = Image.new("L", (280, 280), 255)
    picture.putpixel((140, 140), 0)
    return encoded(picture)


def line(width: int, height: int) -> bytes:
    """A line across a picture of odd proportions."""
    picture = Image.new("L", (width, height), 255)
    ImageDraw.Draw(picture).line((width // 4, height // 4, 3 * width // 4, 3 * height // 4), fill=0)
    return encoded(picture)


JSON = json.dumps({"image": BASE64})
URL_SAFE = bytes.maketrans(b"+/", b"-_")
PLACES_OF_7: list[Any] = [{"data": "7"}, {"body": "7"}, {"b64": "7"}, {"data": {"b64": "7"}}, ["7"], [{"data": "7"}]]
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")

READABLE: dict[str, bytes] = {
    "PNG": PNG,
    "JPEG": encoded(SEVEN, "JPEG"),
    "WebP": encoded(SEVEN, "WEBP"),
    "BMP": encoded(SEVEN, "BMP"),
    "TIFF": encoded(SEVEN, "TIFF"),
    "1 bit": encoded(SEVEN.convert("1")),
    "16 bit": encoded(SEVEN.convert("I").point(lambda value: value * 257).convert("I;16")),
    "CMYK JPEG": encoded(SEVEN.convert("CMYK"), "JPEG"),
    "CMYK TIFF": encoded(SEVEN.convert("CMYK"), "TIFF"),
    "grey with alpha": encoded(SEVEN.convert("LA")),
    "palette with transparency": transparent_palette(),
    "cut out of a sheet": cut_out(),
    "animated GIF": animated(),
    "turned by EXIF": turned(SEVEN),
    "metadata that cannot be written again": with_odd_metadata(SEVEN),
    "a bomb in a text chunk": PNG[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000))) + PNG[33:],
    "a text chunk of a wrong checksum": PNG[:33] + chunk(b"tEXt", b"k\0v", crc=1) + PNG[33:],
    "a broken header of JFIF": b"\xff\xd8\xff\xe0\0\7JFIF\0" + encoded(SEVEN, "JPEG")[2:],
    "JPEG without its end": encoded(SEVEN, "JPEG")[:-2],
    "JPEG with half its end": encoded(SEVEN, "JPEG")[:-1],
    "trailing garbage": PNG + b"garbage" * 100,
    "gzip": gzip.compress(PNG),
    "gzip of JSON": gzip.compress(JSON.encode()),
    **{f"JSON in {encoding}": JSON.encode(encoding) for encoding in ENCODINGS},
    "base64": BASE64.encode(),
    "base64 in lines, URL-safe, without padding": base64.encodebytes(PNG).translate(URL_SAFE).rstrip(b"=\n"),
    "a data URL": f" DATA:image/png;base64,{quote_plus(BASE64)}".encode(),
    "a JSON string": json.dumps(BASE64).encode(),
    **{f"JSON {json.dumps(body)}": json.dumps(body).replace("7", BASE64).encode() for body in PLACES_OF_7},
}
"""Bodies with a seven that are read as one."""

BAD_PICTURES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 415),
    "one byte": (b"\x89", 415),
    "a null byte": (b"\0", 415),
    "text": (b"seven", 415),
    "HTML": (b"<!DOCTYPE html><html><body><img src=7.png></body></html>", 415),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M1 1h5l-3 8" stroke="#000"/></svg>', 415),
    "PDF": (b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF", 415),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n/x 1 def\n", 415),
    "zip": (b"PK\x03\x04" + bytes(100), 415),
    "ICO, a format not accepted": (encoded(SEVEN, "ICO"), 415),
    "PPM, a format not accepted": (encoded(SEVEN, "PPM"), 415),
    **{
        f"truncated {format_}": (encoded(SEVEN, format_)[: len(encoded(SEVEN, format_)) // 2], 415)
        for format_ in ("PNG", "JPEG", "GIF", "WEBP", "BMP")
    },
    **{
        f"corrupt {format_}": (encoded(SEVEN, format_)[:60] + b"\xff\x00\x55" * 40, 415)
        for format_ in ("PNG", "JPEG", "GIF", "WEBP")
    },
    "only the signature of a PNG": (PNG[:8], 415),
    "wrong checksum of the header": (PNG[:29] + b"\0\0\0\0" + PNG[33:], 415),
    "wrong checksum of the pixels": (png(28, 28, chunk(b"IDAT", zlib.compress(bytes(29 * 28)), crc=1)), 415),
    "no pixels": (png(28, 28), 415),
    "zero width": (png(0, 28, chunk(b"IDAT", zlib.compress(b""))), 415),
    "bomb of huge dimensions": (png(50_000, 50_000, chunk(b"IDAT", zlib.compress(bytes(1000)))), 413),
    "bomb of the largest dimensions": (png(2**31 - 1, 2**31 - 1, chunk(b"IDAT", b"")), 413),
    "bomb of just too many pixels": (encoded(Image.new("1", (5001, 5000), 1)), 413),
    "bomb in a text chunk, and no pixels": (
        png(28, 28, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000)))),
        415,
    ),
    "chunk longer than the file": (PNG[:33] + struct.pack(">I", 2**31 - 1) + b"IDAT" + b"x" * 100, 415),
    "broken gzip": (gzip.compress(PNG)[:10] + b"\xff" * 40, 400),
    "half a gzip": (gzip.compress(PNG)[:-9], 400),
    "base64 of no picture": (base64.b64encode(b"no picture" * 9), 415),
    "a data URL of no picture": (b"data:image/svg+xml,<svg></svg>", 415),
    "a data URL of no base64": (b"data:image/png;base64,A", 400),
    "gzip of no picture": (gzip.compress(b"seven"), 415),
    "gzip bomb": (gzip.compress(bytes(200_000_000)), 413),
    "too many bytes": (bytes(5 * 1024 * 1024 + 1), 413),
    "1x1": (encoded(Image.new("L", (1, 1), 0)), 422),
    "blank white": (encoded(Image.new("RGB", (280, 280), "white")), 422),
    "blank black": (encoded(Image.new("L", (28, 28), 0)), 422),
    "blank transparent": (encoded(Image.new("RGBA", (280, 280), (0, 0, 0, 0))), 422),
}
"""Bodies that are no picture with ink, by the status that they get."""

ODD_PICTURES: dict[str, bytes] = {
    "1x20000": line(1, 20_000),
    "20000x1": line(20_000, 1),
    "one speck": one_speck(),
    "2x2": line(2, 2),
    "animated WebP": encoded(SEVEN, "WEBP", save_all=True, append_images=[draw_digit(3)]),
}
"""Pictures that may be read or be found blank, as the preprocessing sees it: 200 or 422."""


def tensor(datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "datatype": datatype, "shape": shape, "data": data}]}


BAD_JSON: dict[str, tuple[bytes, int]] = {
    "half": (b'{"image": "', 400),
    "deep": (b'{"image": ' + b"[" * 200_000, 400),
    "deep and closed": (b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}", 400),
    "huge number": (b'{"image": ' + b"9" * 100_000 + b"}", 400),
    "huge": (json.dumps({"instances": [0] * 500_000}).encode(), 413),
    "not UTF-8": (b'{"image": "\xff\xfe"}', 400),
    "null": (b'{"image": null}', 400),
    "no image": (b"{}", 400),
    "an array": (b"[]", 400),
    "an image of the wrong type": (b'{"image": {"b64": 7}}', 400),
    "bad base64": (b'{"image": "$$$"}', 400),
    "base64 of the wrong length": (b'{"image": "AAAAA"}', 400),
    "base64 of no picture": (b'{"image": "AAAA"}', 415),
    "a string of no base64": (b'"seven"', 400),
    "two members with a picture": (json.dumps({"image": BASE64, "data": BASE64}).encode(), 400),
    "an array of two": (json.dumps([BASE64, BASE64]).encode(), 400),
    "base64 of nothing": (b'{"image": ""}', 415),
    "a lone surrogate": (b'{"image": "\\ud800"}', 400),
    "NaN": (json.dumps(tensor("FP32", [8, 8], [math.nan] + [0] * 63)).encode(), 400),
    "infinity": (json.dumps(tensor("FP32", [8, 8], [math.inf] + [0] * 63)).encode(), 400),
    "an overflow": (json.dumps(tensor("FP32", [8, 8], [0] * 64)).replace("0]", "1e999]").encode(), 400),
    "no instances": (b'{"instances": []}', 400),
    "instances of the wrong type": (b'{"instances": "all"}', 400),
    "wrong shape": (json.dumps(tensor("FP32", [28, 28], [0.0] * 783)).encode(), 400),
    "shape of four channels": (json.dumps(tensor("UINT8", [1, 4, 8, 8], [9] * 256)).encode(), 400),
    "shape of two meanings": (json.dumps(tensor("UINT8", [3, 28, 28], [9] * 2352)).encode(), 400),
    "ink that was not scaled": (json.dumps(tensor("INT64", [28, 28], [0, 1] * 392)).encode(), 400),
    "shape of nothing": (json.dumps(tensor("UINT8", [0, 28, 28], [])).encode(), 400),
    "huge shape": (json.dumps(tensor("UINT8", [2**40, 2**40], [0])).encode(), 400),
    "unknown datatype": (json.dumps(tensor("FP16", [8, 8], [0] * 64)).encode(), 400),
    "ragged": (json.dumps(tensor("FP32", [2, 2], [[0, 1], [0]])).encode(), 400),
    "texts for numbers": (json.dumps(tensor("FP32", [8, 8], ["0" * 1_000_000] + [0] * 63)).encode(), 400),
    "ink out of range": (json.dumps(tensor("UINT8", [8, 8], [0, 256] * 32)).encode(), 400),
    "blank ink": (json.dumps(tensor("UINT8", [28, 28], [0] * 784)).encode(), 422),
    "one bad picture of two": (json.dumps({"instances": [BASE64, base64.b64encode(b"bad").decode()]}).encode(), 415),
    "too many pictures": (json.dumps({"instances": [BASE64[:8]] * 257}).encode(), 413),
}
"""JSON bodies by the status that they get."""

_FORM = {"Content-Type": "multipart/form-data; boundary=b"}
_URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
_PART = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n--b--\r\n'
_FILE = _PART % (b"data", b'; filename="7.png"', PNG)
_EMPTY_TEXT = b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n\r\n'

READABLE_FORMS: dict[str, tuple[bytes, dict[str, str]]] = {
    "a file": (_FILE, _FORM),
    "an empty text before a file": (_EMPTY_TEXT + _FILE, _FORM),
    "an empty text before a file of another name": (_EMPTY_TEXT + _FILE.replace(b'"data"', b'"image"'), _FORM),
    "a preamble": (b"A form.\r\n" + _FILE, _FORM),
    "another boundary than the header's": (_FILE.replace(b"--b", b"--c"), _FORM),
    "no boundary in the header": (_FILE, {"Content-Type": "multipart/form-data"}),
    "a file in base64": (
        _PART % (b"data", b"\r\nContent-Transfer-Encoding: base64", base64.encodebytes(PNG)),
        _FORM,
    ),
    "a text of base64": (_PART % (b"image", b"", BASE64.encode()), _FORM),
    "a text of a data URL": (_PART % (b"image", b"", f"DATA:image/png;base64,{BASE64}".encode()), _FORM),
    "multipart called a picture": (_FILE, {"Content-Type": "image/png"}),
    "a picture called a form": (PNG, _FORM),
    "a picture called an urlencoded form": (PNG, _URLENCODED),
    "base64 called an urlencoded form": (BASE64.encode(), _URLENCODED),
    "JSON called an urlencoded form": (JSON.encode(), _URLENCODED),
    "an urlencoded field": (b"data=" + quote_plus(BASE64).encode(), _URLENCODED),
    "an urlencoded field that nobody encoded": (b"data=" + BASE64.encode(), _URLENCODED),
}
"""Forms, and bodies called one, with a seven that are read as one, with their headers."""

BAD_FORMS: dict[str, tuple[bytes, dict[str, str], int]] = {
    "a multipart without parts": (b"--b--\r\n", _FORM, 400),
    "a multipart without a file": (_PART % (b"comment", b"", b"hello"), _FORM, 400),
    "a file in another field": (_PART % (b"picture", b'; filename="7.png"', PNG), _FORM, 400),
    "a field that is no picture": (_PART % (b"data", b"", b"hello"), _FORM, 415),
    "an empty file": (_PART % (b"data", b'; filename="7.png"', b""), _FORM, 415),
    "half a multipart": (_FILE[:200], _FORM, 400),
    "two files of one name": (_FILE[:-7] + b"\r\n" + _FILE, _FORM, 400),
    "two files": (_FILE[:-7] + b"\r\n" + _FILE.replace(b'"data"', b'"image"'), _FORM, 400),
    "two files, one in another field": (_FILE[:-7] + b"\r\n" + _FILE.replace(b'"data"', b'"b"'), _FORM, 400),
    "a file in broken base64": (_PART % (b"data", b"\r\nContent-Transfer-Encoding: base64", b"AAAAA"), _FORM, 400),
    "a form without a picture": (b"a=1&b=2", _URLENCODED, 400),
    "text called a picture": (b"seven", {"Content-Type": "image/png"}, 415),
    "multipart called text, without a file": (
        _PART % (b"comment", b"", b"hello"),
        {"Content-Type": "text/plain"},
        400,
    ),
    "multipart called a picture, broken off": (b"--" + b"b" * 200, {"Content-Type": "image/png"}, 400),
}
"""Forms and bodies under the wrong content type, with their headers, by the status that they get."""


def all_bad() -> Iterator[tuple[str, bytes, dict[str, str], int]]:
    """Name, body, headers and status of every bad request."""
    binary, json_ = {"Content-Type": "application/octet-stream"}, {"Content-Type": "application/json"}
    for name, (body, status) in BAD_PICTURES.items():
        yield name, body, binary, status
    for name, (body, status) in BAD_JSON.items():
        yield f"JSON: {name}", body, json_, status
        yield f"JSON called binary: {name}", body, binary, status
    for name, (body, headers, status) in BAD_FORMS.items():
        yield f"form: {name}", body, headers, status
