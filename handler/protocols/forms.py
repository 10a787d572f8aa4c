"""Forms: multipart bodies that came under another content type, and JSON that `curl -d` labelled as a form."""

import re
from collections.abc import Mapping
from typing import Any

MAX_BOUNDARY_BYTES = 72  # 70 (RFC 2046) and the two dashes before it
MAX_PARTS, MAX_PART_HEADER_BYTES = 100, 1024
_FIELD_NAME = re.compile(rb'(?i)content-disposition:[^\r]*[; ]name="([^"\r]*)"')
_JSON_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


def mend_form(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Restore JSON that `curl -d` labelled as a form: it was split at the first `=`, and `+` became a space.

    Base64 holds no spaces, and no other string of the formats matters, so a space in a string was a `+`.
    """
    name, value = next(iter(fields.items()), ("", b""))
    if not name.lstrip().startswith("{"):
        return fields
    rest = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    whole = f"{name}={rest}" if rest else name
    return {"body": _JSON_TEXT.sub(lambda text: text[0].replace(" ", "+"), whole).encode()}


def split_multipart(body: bytes) -> dict[str, bytes] | None:
    """The fields of a multipart/form-data body by their names (RFC 7578); None where its boundary is malformed."""
    body = body.lstrip()
    boundary = body[: MAX_BOUNDARY_BYTES + 2].partition(b"\r\n")[0]
    if not 2 < len(boundary) <= MAX_BOUNDARY_BYTES:
        return None
    fields = {}
    for part in (b"\r\n" + body).split(b"\r\n" + boundary, MAX_PARTS)[1:]:
        header, _, content = part.partition(b"\r\n\r\n")
        if name := _FIELD_NAME.search(header[:MAX_PART_HEADER_BYTES]):
            fields[name[1].decode("utf-8", "replace")] = content
    return fields
