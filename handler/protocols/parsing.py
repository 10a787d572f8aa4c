"""Parses a request: tells its wire format by its content, whatever its headers claim.

A further JSON format is a module with a `parse` beside `handler.protocols.kserve_v1`, and a row in `FORMATS`.
"""

import gc
import json
from collections.abc import Callable, Mapping
from typing import Any

from handler.protocols.base64_pictures import KEYS, decode_base64, looks_like_base64, picture_in
from handler.protocols.binary_tensors import attach, json_bytes, split
from handler.protocols.description import description_query
from handler.protocols.encodings import looks_like_json, unpacked_gzip
from handler.protocols.forms import (
    Fields,
    looks_like_multipart,
    looks_urlencoded,
    restore_body,
    split_multipart,
    split_urlencoded,
)
from handler.protocols.kserve_v1 import parse as parse_kserve
from handler.protocols.open_inference import parse as parse_open_inference
from handler.protocols.query import MAX_EXPLAINED, BadRequest, Query, check_count, encode_single, kind_of
from handler.protocols.server_routes import route_query
from model.errors import UnsupportedImage
from model.preprocessing.decoding import has_signature

_ACCEPTED = (
    'send the picture\'s bytes, a multipart file in the field "data", JSON {"image": "<base64>"}, KServe\'s '
    '{"instances": [...]} or the Open Inference Protocol\'s {"inputs": [...]}'
)

FORMATS: dict[str, Callable[[dict[str, Any]], Query]] = {
    "instances": parse_kserve,
    "inputs": parse_open_inference,
}
"""The JSON formats of several pictures, by the member that tells them."""


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
    query = description_query(fields, headers, metadata)
    if query is None and "url_path" in headers and not any(fields.values()):
        query = route_query(headers)
    query = query or _parse(fields, headers)
    if wants_explanation(headers) and query.pictures:
        check_count(len(query.pictures), MAX_EXPLAINED)
    return query


def _parse(fields: Mapping[str, Any], headers: Mapping[str, str]) -> Query:
    length = json_bytes(headers)
    body = next((fields[name] for name in ("body", "data") if isinstance(fields.get(name), (bytes, bytearray))), None)
    if length is None or body is None:
        return parse_fields(fields)
    text, binary = split(unpacked_gzip(bytes(body)), length)
    request = _load_json(text)
    attach(request, binary)
    return _from_json(request)


def wants_explanation(headers: Mapping[str, str]) -> bool:
    """Whether a request came by a path for explanations: TorchServe says so, after any header of the client's."""
    return headers.get("explain") == "True"


def parse_fields(fields: Mapping[str, Any]) -> Query:
    """Find the pictures in a request's fields.

    Args:
        fields: values are bytes, or text and parsed JSON where TorchServe decoded them.

    Raises:
        BadRequest: there is no picture in the request, or its JSON, base64, fields or tensors are malformed.
        UnsupportedImage: it is empty, or base64 of no picture.
        ImageTooLarge: more pictures than are accepted.
    """
    return _from_fields(list(restore_body(fields).items()))


def _from_fields(fields: Fields, is_form: bool = False) -> Query:
    """The picture of the one field that has one; `is_form` where this is a form's, not a whole body."""
    named = [(name, value) for name, value in fields if name in KEYS]
    given = [(name, value) for name, value in named if not _is_blank(value)]
    if given:
        given += [(name, value) for name, value in fields if name not in KEYS and _is_picture(value)]
    if len(given) > 1:
        raise BadRequest(
            f"the request has {len(given)} pictures, in the fields {_names(given)}; one is accepted, and several as "
            'JSON {"instances": [...]}'
        )
    if given:
        [(name, value)] = given
        return _from_value(value, f"the field {name!r}" if is_form else "the body", is_form)
    if named and is_form:
        raise UnsupportedImage(f"the field {named[0][0]!r} is empty; {_ACCEPTED}")
    if named:
        raise UnsupportedImage("there is no body: send the picture by POST or PUT")
    raise BadRequest(f"the request has no picture (fields seen: {_names(fields) or 'none'}); {_ACCEPTED}")


def _is_blank(value: Any) -> bool:
    return isinstance(value, (str, bytes, bytearray)) and not value.strip()


def _is_picture(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray)) and has_signature(bytes(value[:16]))


def _names(fields: Fields) -> str:
    return ", ".join(repr(name[:20]) for name, _ in fields[:5])


def _from_value(value: Any, what: str, is_form: bool) -> Query:
    """The query of a body or of a form's field, `what` in errors."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")  # JSON may hold a lone surrogate
    if not isinstance(value, (bytes, bytearray)):
        return _from_json(value)
    body = unpacked_gzip(bytes(value))
    if has_signature(body):
        return Query([body], encode_single)
    if looks_like_json(body):
        return _from_json(_load_json(body))
    if not is_form and looks_like_multipart(body):
        return _from_fields(split_multipart(body), is_form=True)
    if looks_like_base64(body):
        return Query([decode_base64(body, what)], encode_single)
    if not is_form and looks_urlencoded(body):
        return _from_fields(split_urlencoded(body), is_form=True)
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
        if not body.keys().isdisjoint(KEYS):
            return Query([picture_in(body, "")], encode_single)
        found = "an object without any of " + ", ".join((*FORMATS, *KEYS))
    elif isinstance(body, str):
        return Query([decode_base64(body, "the JSON body")], encode_single)
    elif isinstance(body, list) and len(body) == 1 and isinstance(body[0], (str, dict)):
        return Query([picture_in(body[0], "the JSON body[0]")], encode_single)
    else:
        found = kind_of(body) + (f" of length {len(body):,}" if isinstance(body, list) else "")
    raise BadRequest(f"the JSON body is {found}; {_ACCEPTED}")
