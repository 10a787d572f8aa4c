"""KServe's first protocol, `{"instances": [...]}`: https://kserve.github.io/website/ (data plane, V1).

TensorFlow Serving's `{"b64": ...}` comes in the same shape.
"""

from collections.abc import Sequence
from typing import Any

from handler.protocols.query import (
    Answer,
    BadRequest,
    Query,
    Served,
    check_count,
    decode_base64,
    encode_result,
    kind_of,
)

KEYS = ("data", "image_bytes", "b64", "image", "body")
_ACCEPTED = '{"data": "<base64>"} or {"image_bytes": {"b64": "<base64>"}} is accepted'


def parse(body: dict[str, Any]) -> Query:
    """The pictures of a V1 request.

    Raises:
        BadRequest: no instances, or one without base64.
        ImageTooLarge: more than `MAX_PICTURES`.
    """
    instances = body["instances"]
    if not isinstance(instances, list):
        raise BadRequest(f'"instances" is {kind_of(instances)}; an array is accepted')
    check_count(len(instances))
    return Query([_picture(instance, index) for index, instance in enumerate(instances)], _encode)


def _picture(instance: object, index: int) -> bytes:
    what, value = f"instances[{index}]", instance
    for _ in range(2):  # {"image_bytes": {"b64": ...}} is nested once
        if isinstance(value, dict):
            key = next((key for key in KEYS if key in value), None)
            if key is None:
                raise BadRequest(f"{what} has none of the members {', '.join(KEYS)}; {_ACCEPTED}")
            what, value = f"{what}.{key}", value[key]
    return decode_base64(value, what)


def _encode(answers: Sequence[Answer], served: Served, _request_id: str) -> dict[str, Any]:
    return {"predictions": [encode_result(answer, served) for answer in answers]}
