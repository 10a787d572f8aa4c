"""Parses a request: tells its wire format by its content, whatever its headers claim.

A further JSON format is a module with a `parse` beside `handler.protocols.kserve_v1`, and a row in `FORMATS`.
"""

import gc
import json
from collections.abc import Callable, Mapping
from typing import Any

from handler.protocols.description import description_query
from handler.protocols.encodings import looks_like_json, unpacked_gzip
from handler.protocols.forms import mend_form, split_multipart
from handler.protocols.kserve_v1 import parse as parse_kserve
from handler.protocols.open_inference import parse as parse_open_inference
from handler.protocols.query import (
    MAX_EXPLAINED,
    BadRequest,
    Query,
    check_count,
    decode_base64,
    encode_single,
    kind_of,
)

FIELDS = ("data", "image", "file", "body")  # TorchServe puts a raw body into "body", or "data"
_ACCEPTED = (
    'send the picture\'s bytes, a multipart file in the field "data", JSON {"image": "<base64>"}, KServe\'s '
    '{"instances": [...]} or the Open Inference Protocol\'s {"inputs": [...]}'
)


def _parse_single(body: dict[str, Any]) -> Query:
    return Query([decode_base64(body["image"], '"image"')], encode_single)


FORMATS: dict[str, Callable[[dict[str, Any]], Query]] = {
    "image": _parse_single,
    "instances": parse_kserve,
    "inputs": parse_open_inference,
}
"""The JSON formats by the member that tells them."""


def parse(fields: Mapping[str, Any], headers: Mapping[str, str], metadata: dict[str, Any]) -> Query:
    """Find out what a request asks.

    Args:
        fields: its parameters by name, as TorchServe hands them over.
        headers: of HTTP, with those that TorchServe adds.
        metadata: of the released model, which a management request asks for.

    Raises:
        BadRequest: no picture, or malformed JSON, base64, fields or tensors.
        ImageTooLarge: more pictures than are accepted.
    """
    query = description_query(fields, headers, metadata) or parse_fields(fields)
    if wants_explanation(headers) and query.pictures:
        check_count(len(query.pictures), MAX_EXPLAINED)
    return query


def wants_explanation(headers: Mapping[str, str]) -> bool:
    """Whether a request came by a path for explanations: TorchServe says so, after any header of the client's."""
    return headers.get("explain") == "True"


def parse_fields(fields: Mapping[str, Any]) -> Query:
    """Find the pictures in a request's fields.

    Args:
        fields: values are bytes, or text and parsed JSON where TorchServe decoded them.

    Raises:
        BadRequest: there is no picture in the request, or its JSON, base64, fields or tensors are malformed.
        ImageTooLarge: more pictures than are accepted.
    """
    fields = mend_form(fields)
    for name in FIELDS:
        if name in fields:
            return _from_value(fields[name])
    seen = ", ".join(repr(name[:20]) for name in list(fields)[:5]) or "none"
    raise BadRequest(f"the request has no picture (fields seen: {seen}); {_ACCEPTED}")


def _from_value(value: Any) -> Query:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")  # JSON may hold a lone surrogate
    if not isinstance(value, (bytes, bytearray)):
        return _from_json(value)
    body = unpacked_gzip(bytes(value))
    if looks_like_json(body):
        return _from_json(_load_json(body))
    if body[:64].lstrip().startswith(b"--"):
        return _from_multipart(body)
    return Query([body], encode_single)


def _load_json(text: bytes) -> Any:
    gc.disable()  # a million nested arrays would be searched for garbage again and again: 1.2 s, not 0.1
    try:
        return json.loads(text)  # NaN and infinities too: the tensor that holds one is named
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body looks like JSON but is malformed; {_ACCEPTED}") from error
    finally:
        gc.enable()


def _from_json(body: Any) -> Query:
    if isinstance(body, dict):
        for member, parse_format in FORMATS.items():
            if member in body:
                return parse_format(body)
    found = "an object without any of " + ", ".join(FORMATS) if isinstance(body, dict) else kind_of(body)
    raise BadRequest(f"the JSON body is {found}; {_ACCEPTED}")


def _from_multipart(body: bytes) -> Query:
    fields = split_multipart(body)
    if fields is None:
        raise BadRequest(f"the body looks like multipart/form-data but is malformed; {_ACCEPTED}")
    for name in FIELDS:
        if name in fields and not fields[name].startswith(b"--"):
            return _from_value(fields[name])
    return parse_fields({name: value for name, value in fields.items() if name not in FIELDS})
