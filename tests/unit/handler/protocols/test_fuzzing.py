"""Whatever comes in, only `InvalidImage` comes out: decoding, preprocessing and parsing of random and damaged input."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from handler.protocols.failures import describe_error
from handler.protocols.parsing import parse_fields
from model.errors import InvalidImage
from model.preprocessing.decoding import decode_picture
from model.preprocessing.digit import digit_image
from tests import corpus
from tests.drawing import draw_digit, encoded

FORMATS = {
    "PNG": encoded(draw_digit(7, size=(60, 60), box=(10, 10, 40, 40), width=5)),
    "RGBA PNG": encoded(draw_digit(7, size=(60, 60), box=(10, 10, 40, 40), width=5).convert("RGBA")),
    "16-bit PNG": encoded(draw_digit(7, size=(40, 40), box=(5, 5, 30, 30), width=4).convert("I;16")),
    **{
        name: encoded(draw_digit(7, size=(60, 60), box=(10, 10, 40, 40), width=5), name)
        for name in ("JPEG", "WEBP", "BMP", "GIF", "TIFF")
    },
    "turned JPEG": corpus.turned(draw_digit(7, size=(60, 60), box=(10, 10, 40, 40), width=5)),
    "animated GIF": corpus.animated(),
}
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "I", "F", "I;16"]
fuzzing = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def read(data: bytes) -> None:
    """Decode and preprocess as the handler does; whatever is no `InvalidImage` fails the test."""
    try:
        image = digit_image(decode_picture(data))
    except InvalidImage as error:
        assert 10 < len(str(error)) < 300
        return
    assert image.shape == (28, 28) and image.dtype == np.uint8
    assert image.max() > image.min()


@fuzzing
@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    read(data)


@pytest.mark.parametrize("name", FORMATS)
@fuzzing
@given(data=st.data())
def test_damaged_pictures(name: str, data: st.DataObject) -> None:
    picture = bytearray(FORMATS[name])
    near_start = st.integers(0, min(len(picture), 200) - 1)  # where the headers are
    place = st.one_of(near_start, st.integers(0, len(picture) - 1))
    for at, value in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=8)):
        picture[at] = value
    start, end = sorted((data.draw(place), data.draw(place)))
    kind = data.draw(st.sampled_from(["whole", "cut", "hole", "doubled"]))
    damaged = {
        "whole": picture,
        "cut": picture[:end],
        "hole": picture[:start] + picture[end:],
        "doubled": picture[:end] + picture[start:],
    }
    read(bytes(damaged[kind]))


@fuzzing
@given(
    mode=st.sampled_from(
        ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F", "I;16", "YCbCr", "LAB", "PA", "RGBX", "RGBa"]
    ),
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    levels=st.integers(1, 255),
)
def test_random_pixels_of_any_mode(mode: str, width: int, height: int, seed: int, levels: int) -> None:
    generator = np.random.default_rng(seed)
    size = len(Image.new(mode, (width, height)).tobytes())
    content = (generator.integers(0, levels + 1, size) % 256).astype(np.uint8)
    picture = Image.frombytes(mode, (width, height), content.tobytes())
    try:
        image = digit_image(picture)
    except InvalidImage:
        return
    assert image.shape == (28, 28) and image.any()


texts = st.sampled_from(
    [corpus.BASE64, "AAAA", "$", "", "data:image/png;base64,AAAA", "data:", "BYTES", "FP32", "UINT8", "FP64", "\ud800"]
)
numbers = st.one_of(st.integers(-2, 300), st.floats(), st.sampled_from([10**400, -1, 2**63, 1e308]))
leaves = st.one_of(st.none(), st.booleans(), numbers, texts, st.text(max_size=5))
members = st.sampled_from(
    ["image", "instances", "inputs", "data", "image_bytes", "b64", "name", "shape", "datatype", "id", "other"]
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=5), max_leaves=20
)
tensors = st.fixed_dictionaries(
    {
        "name": st.just("x") | values,
        "shape": st.lists(st.integers(-1, 4), max_size=5) | values,
        "datatype": st.sampled_from(["BYTES", "FP32", "UINT8"]) | values,
        "data": st.lists(numbers, max_size=8) | st.lists(texts, max_size=4) | values,
    }
)
bodies = st.one_of(
    values,
    st.fixed_dictionaries({"image": values}),
    st.fixed_dictionaries({"instances": st.lists(values, max_size=4) | values}),
    st.fixed_dictionaries({"inputs": st.lists(tensors, max_size=3) | values}, optional={"id": values}),
)


def parse(fields: dict[str, Any]) -> None:
    """Parse as the handler does; whatever is no `InvalidImage` fails the test."""
    try:
        query = parse_fields(fields)
    except InvalidImage as error:
        failure = describe_error(error)
        assert failure.status.code in (400, 413, 415)
        assert failure.body().isascii() and len(failure.body()) < 1000
        return
    assert query.pictures
    assert all(isinstance(picture, bytes | Image.Image) for picture in query.pictures)


@fuzzing
@given(bodies)
@example("\ud800")
def test_json_of_any_shape(body: Any) -> None:
    parse({"body": json.dumps(body).encode()})
    parse({"data": body})  # as TorchServe hands it over where it decodes JSON itself


@fuzzing
@given(
    st.dictionaries(
        st.sampled_from(["data", "image", "file", "body"]) | st.text(max_size=20) | texts,
        st.binary() | st.text() | texts,
    )
)
@example({'{"image": "': b"", "data": b"x"})
@example({'{"a': b'\\": "' + b"\xff" * 50})
def test_fields_of_any_name(fields: dict[str, Any]) -> None:
    parse(fields)


PARTS_OF_FORMS = [
    *(b"--b", b"--b--", b"--", b"\r\n", b"\n", b"\r\n\r\n", b'"'),
    *(b"Content-Disposition: form-data; ", b'name="data"', b"Content-Transfer-Encoding: "),
    *(b"base64", b"quoted-printable", b"iVBORw0KGgo="),
]


@fuzzing
@given(
    st.lists(
        st.sampled_from(PARTS_OF_FORMS) | st.binary(max_size=4),
        max_size=20,
    )
)
def test_multipart_of_any_shape(parts: list[bytes]) -> None:
    parse({"body": b"--b" + b"".join(parts)})
    parse({"body": b"preamble\r\n--b\r\n" + b"".join(parts) + b"\r\n--b--"})


@fuzzing
@given(
    st.lists(st.sampled_from(["data", "image", "a", "=", "&", "+", "%", "%2", "%2B", " ", "iVBORw0KGgo"]), max_size=20)
)
def test_urlencoded_forms_of_any_shape(parts: list[str]) -> None:
    parse({"body": "".join(parts).encode()})
