"""Pictures as text: base64, or a `data:` URL, however senders have packed it into JSON, a form or a body."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from handler.protocols.query import BadRequest, kind_of
from model.errors import UnsupportedImage
from model.preprocessing.decoding import has_signature

KEYS = ("image", "data", "image_bytes", "b64", "body", "file")
"""Members of a JSON object, and fields of a form, that may hold a picture."""

MIN_TEXT = 64
"""Characters; a shorter text is not taken for base64 where only its look tells, and no picture has so few."""

_TEXT = re.compile(rb"\s*[A-Za-z0-9+/_%\r\n-]*[=\s]*")
_DATA_URL = re.compile(rb"\s*data:[^,]*,", re.IGNORECASE)
_NESTING = 3  # {"image_bytes": {"b64": ...}} is nested once; Python's stack is not endless


def looks_like_base64(body: bytes) -> bool:
    """Whether a body is one text of base64 or a `data:` URL."""
    return _DATA_URL.match(body, 0, 256) is not None or (len(body) >= MIN_TEXT and _TEXT.fullmatch(body) is not None)


def picture_in(value: object, what: str) -> bytes:
    """The picture of a JSON value: a text, or an object with a text in one of `KEYS`, nested twice at most.

    Args:
        value: as JSON is parsed.
        what: names it in errors; empty for the whole body.

    Raises:
        BadRequest: there is none, there are several, or it is not base64.
        UnsupportedImage: the base64 holds no picture.
    """
    for _ in range(_NESTING):
        if not isinstance(value, dict):
            break
        given = [key for key in KEYS if value.get(key) not in (None, "")] or [key for key in KEYS if key in value]
        if len(given) != 1:
            seen = f"has the members {', '.join(given)}" if given else f"has none of the members {', '.join(KEYS)}"
            raise BadRequest(f'{what or "the JSON body"} {seen}; one is accepted, as {{"data": "<base64>"}}')
        what, value = f"{what}.{given[0]}" if what else f'"{given[0]}"', value[given[0]]
    return decode_base64(value, what)


def decode_base64(text: object, what: str) -> bytes:
    """Decode base64 or a `data:` URL to a picture file.

    The URL-safe alphabet, percent-encoding, blanks, line breaks and missing padding are accepted.

    Args:
        text: a string, or ASCII bytes.
        what: names it in errors.

    Raises:
        BadRequest: it is not a string, or not base64.
        UnsupportedImage: what it decodes to is no picture.
    """
    if not isinstance(text, (str, bytes)):
        raise BadRequest(f"{what} is {kind_of(text)}; base64 text or a data: URL is accepted")
    encoded = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    is_base64 = True
    if url := _DATA_URL.match(encoded, 0, 256):
        is_base64, encoded = url[0].rstrip(b", ").lower().endswith(b"base64"), encoded[url.end() :]
    if b"%" in encoded or not is_base64:
        encoded = unquote_to_bytes(encoded)
    data = _decoded(encoded, what) if is_base64 else encoded
    if not has_signature(data):
        held = f"{len(data):,} bytes that are not a picture" if data else "nothing"
        raise UnsupportedImage(f"{what} decodes to {held}; PNG, JPEG, WebP, BMP, GIF and TIFF are read")
    return data


def _decoded(encoded: bytes, what: str) -> bytes:
    letters = b"".join(encoded.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except binascii.Error as error:
        raise BadRequest(f"{what} is not base64: {error}") from error
