"""Tensors as bytes after the JSON, as Triton's clients send them."""

import base64
import gzip
import json
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handler.protocols.binary_tensors import DTYPES, HEADER
from handler.protocols.parsing import parse
from handler.protocols.query import BadRequest, Picture
from handler.protocols.tensors import FULL_INK

INK = np.random.default_rng(0).integers(0, 256, (2, 9, 12), dtype=np.uint8)
FILES = [b"\x89PNG\r\n\x1a\n" + name for name in (b"one", b"two")]


def described(datatype: str, shape: list[int], data: bytes, size: object = None) -> tuple[dict[str, Any], bytes]:
    """A tensor whose values follow the JSON, and these."""
    parameters = {"binary_data_size": len(data) if size is None else size}
    return {"name": "x", "datatype": datatype, "shape": shape, "parameters": parameters}, data


def pictures(
    *tensors: tuple[dict[str, Any], bytes], header: str = HEADER, length: str | None = None, is_gzip: bool = False
) -> list[Picture]:
    """The pictures of a request with these tensors, as TorchServe hands it over."""
    text = json.dumps({"inputs": [tensor for tensor, _ in tensors]}).encode()
    body = text + b"".join(data for _, data in tensors)
    body = gzip.compress(body) if is_gzip else body
    return list(parse({"body": body}, {header: str(len(text)) if length is None else length}, {}).pictures)


def arrays(found: list[Picture]) -> list[np.ndarray]:
    assert all(isinstance(picture, Image.Image) for picture in found)
    return [np.asarray(picture) for picture in found]


@pytest.mark.parametrize("header", [HEADER, HEADER.lower()])
@pytest.mark.parametrize("datatype", DTYPES)
def test_ink_of_every_datatype_is_read(datatype: str, header: str) -> None:
    levels = INK > 127 if datatype == "BOOL" else INK / 255 if FULL_INK[datatype] == 1 else INK
    expected = INK // 128 * 255 if datatype == "BOOL" else INK
    data = levels.astype(DTYPES[datatype]).tobytes()
    assert np.array_equal(arrays(pictures(described(datatype, [2, 9, 12], data), header=header)), expected)


def test_picture_files_are_read_as_they_are_and_as_base64() -> None:
    texts = [FILES[0], base64.b64encode(FILES[1])]
    data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    assert pictures(described("BYTES", [2], data)) == FILES


def test_the_length_of_the_json_is_that_in_the_unpacked_body() -> None:
    assert np.array_equal(arrays(pictures(described("UINT8", [2, 9, 12], INK.tobytes()), is_gzip=True)), INK)


def test_tensors_with_and_without_binary_data_go_together() -> None:
    plain = {"name": "y", "datatype": "UINT8", "shape": [9, 12], "data": INK[1].ravel().tolist()}
    found = arrays(pictures(described("UINT8", [1, 9, 12], INK[0].tobytes()), (plain, b"")))
    assert np.array_equal(found, INK)


@pytest.mark.parametrize(
    ("tensor", "length", "complaint"),
    [
        (described("UINT8", [8, 8], bytes(64)), "9999", "at most the body's"),
        (described("UINT8", [8, 8], bytes(64)), "-1", f"the header {HEADER} is '-1'"),
        (described("UINT8", [8, 8], bytes(64), 65), None, "at most the 64 bytes that are left"),
        (described("UINT8", [8, 8], bytes(64), 63), None, "1 bytes after the JSON belong to no tensor"),
        (described("UINT8", [8, 8], bytes(64), "64"), None, "binary_data_size must be a whole number"),
        (described("FP16", [8, 8], bytes(127)), None, "inputs[0] has 127 bytes of binary data; FP16 takes 2 a value"),
        (described("UINT8", [8, 9], bytes(64)), None, "does not fit data of shape [64]"),
        (described("FP16", [8, 8], np.full(64, np.nan, "<f2").tobytes()), None, "value 0 of inputs[0].data"),
        (described("UINT8", [8, 8], bytes([1] * 64)), None, "scale by 255"),
        (described("BYTES", [1], b"\x05\0\0\0abc"), None, "inputs[0] ends within its element 0"),
        (described("BYTES", [1], b"\x05\0"), None, "inputs[0] ends within its element 0"),
    ],
)
def test_what_does_not_fit_is_a_bad_request_that_says_so(
    tensor: tuple[dict[str, Any], bytes], length: str | None, complaint: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        pictures(tensor, length=length)
    assert complaint in str(caught.value)
