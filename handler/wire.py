"""What crosses the wire: the bodies that requests come in and the JSON that answers go out as.

Leaves decoding of pictures to `model.pictures` and everything about digits to `model`. A further request format gets a
branch in `picture_bytes`; a further answer format an `encode_...` beside `encode_reading`.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.errors import ImageTooLarge, InvalidImage, NoInk, UnsupportedImage
from model.recogniser import Reading

CONTENT_TYPE = "application/json"
FIELDS = ("data", "image", "file", "body")  # TorchServe puts a raw body into "body", or "data"
DECIMALS = 6  # of probabilities
_ACCEPTED = 'send the picture\'s bytes, a multipart file in the field "data", or JSON {"image": "<base64>"}'


class BadRequest(InvalidImage):
    """The body around the picture is malformed: JSON, base64 or fields."""


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


def picture_bytes(fields: Mapping[str, Any]) -> bytes:
    """Take the picture's bytes out of a request, whatever content type its header claims.

    Args:
        fields: the request's parameters by name as TorchServe hands them over; values are bytes, or text and parsed
            JSON where it decoded them.

    Raises:
        BadRequest: there is no picture in the request, or its JSON or base64 is malformed.
    """
    fields = _mend_form(fields)
    for name in FIELDS:
        if name in fields:
            return _from_value(fields[name])
    seen = ", ".join(repr(name[:20]) for name in list(fields)[:5]) or "none"
    raise BadRequest(f"the request has no picture (fields seen: {seen}); {_ACCEPTED}")


def encode_reading(reading: Reading, model: str, version: str) -> str:
    """The result object for one picture."""
    return json.dumps(
        {
            "label": reading.label,
            "confidence": round(reading.confidence, DECIMALS),
            "recognised": reading.recognised,
            "probabilities": {name: round(share, DECIMALS) for name, share in reading.probabilities.items()},
            "model": model,
            "version": version,
        }
    )


def encode_error(error: Exception) -> tuple[Status, str]:
    """The status and the error object for a request that failed; an unforeseen error tells the client nothing."""
    status = _STATUS_OF.get(type(error), _UNEXPECTED)
    message = str(error) if status is not _UNEXPECTED else "the picture could not be processed"
    return status, json.dumps({"code": status.code, "type": status.phrase, "message": message})


def _mend_form(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put JSON together again that `curl -d` labelled as a form: it was split at the first `=`, `+` became a blank."""
    name, value = next(iter(fields.items()), ("", b""))
    if not name.lstrip().startswith("{"):
        return fields
    rest = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    body = _parse(f"{name}={rest}" if rest else name)
    if isinstance(body, dict) and isinstance(body.get("image"), str):
        body["image"] = body["image"].replace(" ", "+")
    return {"body": body}


def _from_value(value: Any) -> bytes:
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, (bytes, bytearray)):
        return _from_json(value)
    return _from_json(_parse(value)) if value[:64].lstrip()[:1] in (b"{", b"[") else bytes(value)


def _parse(text: str | bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body looks like JSON but is malformed; {_ACCEPTED}") from error


def _from_json(body: Any) -> bytes:
    image = body.get("image") if isinstance(body, dict) else None
    if not isinstance(image, str):
        found = "an object without a text 'image'" if isinstance(body, dict) else f"a {type(body).__name__}"
        raise BadRequest(f'the JSON body is {found}; {{"image": "<base64 or data: URL>"}} is accepted')
    encoded = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f'"image" is not base64: {error}') from error
