"""What crosses the wire: tells the formats of requests apart by content, and puts answers and errors into JSON.

A further JSON format is a module with a `parse` beside `handler.protocols.kserve_v1`, and a row in `FORMATS`.
"""

import gc
import json
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from handler.protocols.kserve_v1 import parse as parse_kserve
from handler.protocols.open_inference import parse as parse_open_inference
from handler.protocols.query import BadRequest, Query, decode_base64, encode_single, kind_of
from model.errors import ImageTooLarge, NoInk, UnsupportedImage

CONTENT_TYPE = "application/json"
FIELDS = ("data", "image", "file", "body")  # TorchServe puts a raw body into "body", or "data"
MAX_BOUNDARY_BYTES = 72  # of a multipart body: 70 (RFC 2046) and the two dashes before it
MAX_PARTS, MAX_PART_HEADER_BYTES = 100, 1024
_FIELD_NAME = re.compile(rb'(?i)content-disposition:[^\r]*[; ]name="([^"\r]*)"')
_JSON_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_ACCEPTED = (
    'send the picture\'s bytes, a multipart file in the field "data", JSON {"image": "<base64>"}, KServe\'s '
    '{"instances": [...]} or the Open Inference Protocol\'s {"inputs": [...]}'
)


@dataclass(frozen=True)
class Status:
    """An HTTP status with the phrase that TorchServe's error objects call its type; ASCII, or the socket breaks."""

    code: int
    phrase: str


_STATUS_OF: dict[type[Exception], Status] = {
    BadRequest: Status(400, "BadRequest"),
    ImageTooLarge: Status(413, "PayloadTooLarge"),
    UnsupportedImage: Status(415, "UnsupportedMediaType"),
    NoInk: Status(422, "UnprocessableEntity"),
}
_UNEXPECTED = Status(500, "InternalServerError")


@dataclass(frozen=True)
class Failure:
    """What is answered and logged of a request that failed; its exception would keep the whole batch in memory.

    Attributes:
        status: the HTTP status.
        message: what the client is told.
        traceback: of an unforeseen error, for the log; empty for a foreseen one.
    """

    status: Status
    message: str
    traceback: str

    @property
    def error(self) -> dict[str, Any]:
        """The error object, in the shape of TorchServe's own."""
        return {"code": self.status.code, "type": self.status.phrase, "message": self.message}

    @property
    def body(self) -> str:
        """The error object as JSON."""
        return json.dumps(self.error)


def _single(body: dict[str, Any]) -> Query:
    return Query([decode_base64(body["image"], '"image"')], encode_single)


FORMATS: dict[str, Callable[[dict[str, Any]], Query]] = {
    "image": _single,
    "instances": parse_kserve,
    "inputs": parse_open_inference,
}
"""The JSON formats by the member that tells them."""


def parse_request(fields: Mapping[str, Any]) -> Query:
    """Find out what a request asks, whatever content type its header claims.

    Args:
        fields: the request's parameters by name as TorchServe hands them over; values are bytes, or text and parsed
            JSON where it decoded them.

    Raises:
        BadRequest: there is no picture in the request, or its JSON, base64, fields or tensors are malformed.
        ImageTooLarge: more pictures than are accepted.
    """
    fields = _mend_form(fields)
    for name in FIELDS:
        if name in fields:
            return _from_value(fields[name])
    seen = ", ".join(repr(name[:20]) for name in list(fields)[:5]) or "none"
    raise BadRequest(f"the request has no picture (fields seen: {seen}); {_ACCEPTED}")


def describe_error(error: Exception) -> Failure:
    """The answer to a request that failed; an unforeseen error tells the client nothing."""
    status = _STATUS_OF.get(type(error), _UNEXPECTED)
    if status is _UNEXPECTED:
        return Failure(status, "the picture could not be processed", "".join(traceback.format_exception(error)))
    return Failure(status, str(error), traceback="")


def _mend_form(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put JSON together again that `curl -d` labelled as a form: it was split at the first `=`, `+` became a blank.

    Base64 holds no blanks of its own, and no other text of the formats matters, so a blank in a text was a `+`.
    """
    name, value = next(iter(fields.items()), ("", b""))
    if not name.lstrip().startswith("{"):
        return fields
    rest = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    whole = f"{name}={rest}" if rest else name
    return {"body": _JSON_TEXT.sub(lambda text: text[0].replace(" ", "+"), whole).encode()}


def _from_value(value: Any) -> Query:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")  # JSON may hold half a character
    if not isinstance(value, (bytes, bytearray)):
        return _from_json(value)
    start = value[:64].lstrip()
    if start[:1] in (b"{", b"["):
        return _from_json(_parse(value))
    if start[:2] == b"--":
        return _from_multipart(bytes(value))
    return Query([bytes(value)], encode_single)


def _parse(text: bytes | bytearray) -> Any:
    gc.disable()  # it would walk a hostile million of arrays again and again while they are made: 1.2 s, not 0.1
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body looks like JSON but is malformed; {_ACCEPTED}") from error
    finally:
        gc.enable()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _from_json(body: Any) -> Query:
    if isinstance(body, dict):
        for member, parse in FORMATS.items():
            if member in body:
                return parse(body)
    found = "an object without any of " + ", ".join(FORMATS) if isinstance(body, dict) else kind_of(body)
    raise BadRequest(f"the JSON body is {found}; {_ACCEPTED}")


def _from_multipart(body: bytes) -> Query:
    """Read multipart/form-data that came under another content type (RFC 7578)."""
    body = body.lstrip()
    boundary = body[: MAX_BOUNDARY_BYTES + 2].partition(b"\r\n")[0]
    if not 2 < len(boundary) <= MAX_BOUNDARY_BYTES:
        raise BadRequest(f"the body looks like multipart/form-data but is malformed; {_ACCEPTED}")
    fields = {}
    for part in (b"\r\n" + body).split(b"\r\n" + boundary, MAX_PARTS)[1:]:
        header, _, content = part.partition(b"\r\n\r\n")
        if name := _FIELD_NAME.search(header[:MAX_PART_HEADER_BYTES]):
            fields[name[1].decode("utf-8", "replace")] = content
    for field in FIELDS:
        if field in fields and not fields[field].startswith(b"--"):
            return _from_value(fields[field])
    return parse_request({name: value for name, value in fields.items() if name not in FIELDS})
