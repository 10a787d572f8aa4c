"""Forms: the fields of `multipart/form-data` and `application/x-www-form-urlencoded` bodies, told by their content.

TorchServe has a parser of its own, which `handler.torchserve_patches.forms` turns off; `restore_body` repairs what it
splits where the patches are off.
"""

import base64
import quopri
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any
from urllib.parse import parse_qsl

from handler.protocols.base64_pictures import KEYS, looks_like_base64
from handler.protocols.query import BadRequest

Fields = Sequence[tuple[str, Any]]
"""Names and values in the order of the form; one name may come several times."""

MAX_FIELDS, MAX_PART_HEADER_BYTES = 100, 1024
MAX_PREAMBLE_BYTES = 4096
_FIRST_DELIMITER = re.compile(rb"(?:\A|\n)(--[^\r\n]{1,70}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD_NAME = re.compile(rb'content-disposition:[^\r\n]*?[; ]name="?([^";\r\n]*)', re.IGNORECASE)
_ENCODING = re.compile(rb"^content-transfer-encoding:[ \t]*([\w-]+)", re.IGNORECASE | re.MULTILINE)
_DECODERS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"base64": base64.b64decode,
    b"quoted-printable": quopri.decodestring,
}
_URLENCODED = re.compile(rb"\s*[\w.%+\[\]-]{1,64}=")
_JSON_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


def looks_like_multipart(body: bytes) -> bool:
    """Whether a body is `multipart/form-data`, with or without a preamble, or a broken one."""
    return body[:64].lstrip().startswith(b"--") or _FIRST_DELIMITER.search(body, 0, MAX_PREAMBLE_BYTES) is not None


def looks_urlencoded(body: bytes) -> bool:
    """Whether a body is `name=value&...`."""
    return _URLENCODED.match(body) is not None


def split_multipart(body: bytes) -> Fields:
    """The fields of a `multipart/form-data` body (RFC 7578), each decoded as its part says.

    Raises:
        BadRequest: there is no part, the form does not end, or a part is not in the encoding that it names.
    """
    body = b"\n" + body.lstrip()
    first = _FIRST_DELIMITER.search(body, 0, MAX_PREAMBLE_BYTES)
    if first is None:
        raise BadRequest("the body looks like multipart/form-data but is malformed: no part with a header was found")
    delimiter = re.compile(rb"\n" + re.escape(first[1]) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    delimiters = list(islice(delimiter.finditer(body, first.start()), MAX_FIELDS + 1))
    fields: list[tuple[str, Any]] = []
    for start, end in pairwise(delimiters):
        fields += _field(body[start.end() : end.start()])
        if end[1]:
            return fields
    raise BadRequest(
        f"the form is not whole, or has more than {MAX_FIELDS} parts: no --boundary-- follows the {len(fields)} read"
    )


def _field(part: bytes) -> Fields:
    """The one field of a part, or none where it has no name."""
    gap = _BLANK_LINE.search(part, 0, MAX_PART_HEADER_BYTES)
    header = part[: gap.start()] if gap else b""
    name = _FIELD_NAME.search(header)
    if gap is None or name is None:
        return []
    content, field = part[gap.end() :].removesuffix(b"\r"), name[1].decode("utf-8", "replace")
    encoding = _ENCODING.search(header)
    decode = _DECODERS.get(encoding[1].lower()) if encoding else None
    try:
        return [(field, decode(content) if decode else content)]
    except ValueError as error:
        raise BadRequest(f"the field {field[:20]!r} is not in the Content-Transfer-Encoding of its part") from error


def split_urlencoded(body: bytes) -> Fields:
    """The fields of an `application/x-www-form-urlencoded` body.

    A `+` stays one, but at the beginning of a value: base64 has many, and does not begin with one.

    Raises:
        BadRequest: there are more than `MAX_FIELDS`.
    """
    text = body.strip().replace(b"=+", b"=").replace(b"+", b"%2B").decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadRequest(f"the form has more than {MAX_FIELDS} fields") from error


def restore_body(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Restore JSON and base64 that `curl -d` labelled as a form: TorchServe split it at the first `=`.

    It made a blank of each `+` too. Base64 holds no blanks, and no other string of the formats matters.
    """
    name, value = next(iter(fields.items()), ("", b""))
    if name in KEYS:
        return fields
    rest = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    whole = f"{name}={rest}" if rest else name
    if name.lstrip().startswith(("{", "[", '"')):
        return {"body": _JSON_TEXT.sub(lambda text: text[0].replace(" ", "+"), whole).encode()}
    text = whole.strip().replace(" ", "+").encode("utf-8", "replace")
    return {"body": text} if looks_like_base64(text) else fields
