"""KServe's first protocol, `{"instances": [...]}`: https://kserve.github.io/website/ (data plane, V1).

TensorFlow Serving's `{"b64": ...}` comes in the same shape.
"""

from collections.abc import Sequence
from typing import Any

from handler.protocols.base64_pictures import picture_in
from handler.protocols.query import (
    Answer,
    BadRequest,
    Query,
    Served,
    check_count,
    encode_result,
    kind_of,
)


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
    return Query([picture_in(instance, f"instances[{index}]") for index, instance in enumerate(instances)], _encode)


def _encode(answers: Sequence[Answer], served: Served, _request_id: str) -> dict[str, Any]:
    return {"predictions": [encode_result(answer, served) for answer in answers]}
