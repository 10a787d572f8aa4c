"""Tensors whose values follow the JSON as bytes, little-endian: Triton's extension of the Open Inference Protocol.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handler.protocols.query import BadRequest, check_count

HEADER = "Inference-Header-Content-Length"
"""The HTTP header that says how many bytes the JSON has."""

DTYPES = {
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BOOL": "u1",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
}
"""NumPy's types by the protocol's datatypes."""

_LENGTH = struct.Struct("<I")


def json_bytes(headers: Mapping[str, Any]) -> str | None:
    """How many bytes of the body are JSON, as the client wrote it; None where all are."""
    length = headers.get(HEADER, headers.get(HEADER.lower()))
    return length if isinstance(length, str) else None


def split(body: bytes, length: str) -> tuple[bytes, bytes]:
    """The JSON of a body and the bytes that follow it.

    Raises:
        BadRequest: `length` is not a number of bytes of the body.
    """
    if not (length.isascii() and length.isdigit() and int(length[:12]) <= len(body)):
        raise BadRequest(f"the header {HEADER} is {length[:20]!r}; at most the body's {len(body):,} bytes are accepted")
    return body[: int(length)], body[int(length) :]


def attach(request: Any, binary: bytes) -> None:
    """Give each tensor with `parameters.binary_data_size` its bytes as `data`.

    Raises:
        BadRequest: the sizes do not add up to the bytes that came.
    """
    tensors = request.get("inputs") if isinstance(request, dict) else None
    at = 0
    for index, tensor in enumerate(tensors if isinstance(tensors, list) else ()):
        parameters = tensor.get("parameters") if isinstance(tensor, dict) else None
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if size is None:
            continue
        if type(size) is not int or not 0 <= size <= len(binary) - at:
            raise BadRequest(
                f"inputs[{index}].parameters.binary_data_size must be a whole number of at most the "
                f"{len(binary) - at:,} bytes that are left"
            )
        tensor["data"] = binary[at : at + size]
        at += size
    if at != len(binary):
        raise BadRequest(f"{len(binary) - at:,} bytes after the JSON belong to no tensor's binary_data_size")


def numbers(data: bytes, datatype: str, what: str) -> NDArray[Any]:
    """The values of a tensor of numbers, (N,).

    Raises:
        BadRequest: the bytes are not a whole number of values.
    """
    dtype = np.dtype(DTYPES[datatype])
    if len(data) % dtype.itemsize:
        raise BadRequest(f"{what} has {len(data):,} bytes of binary data; {datatype} takes {dtype.itemsize} a value")
    return np.frombuffer(data, dtype)


def elements(data: bytes, what: str) -> list[bytes]:
    """The elements of a BYTES tensor, each after its length in four bytes.

    Raises:
        BadRequest: a length is not that of what follows.
        ImageTooLarge: more than `MAX_PICTURES`.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH.size
        end = start + _LENGTH.unpack_from(data, at)[0] if start <= len(data) else start
        if end > len(data):
            raise BadRequest(f"{what} ends within its element {len(found)}, counted from 0")
        found.append(data[start:end])
        check_count(len(found))
        at = end
    return found
