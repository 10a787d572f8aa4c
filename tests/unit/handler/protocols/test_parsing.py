"""Request bodies and answers: told apart by content, errors in one shape, nothing of ours leaks."""

import base64
import json
import time

import pytest

from handler.protocols.failures import describe_error
from handler.protocols.parsing import parse_fields
from handler.protocols.query import Answer, BadRequest, Served, UnknownResource
from model.errors import ImageTooLarge, InvalidImage, NoInk, UnsupportedImage
from model.preprocessing.decoding import decode_picture
from model.recogniser import Reading

PICTURE = b"\x89PNG\r\n\x1a\n\xfb\xff\xfe"
BASE64 = base64.b64encode(PICTURE).decode()
assert "+" in BASE64 or "/" in BASE64
MULTIPART = b"\r\n".join(
    (
        b'--bound\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello',
        b'--bound\r\nContent-Disposition: form-data; name="data"; filename="7.png"\r\nContent-Type: image/png',
        b"",
        PICTURE,
        b"--bound--\r\n",
    )
)
SERVED = Served("mnist", "1.0", ["7", "9"])


def picture_bytes(fields: dict[str, object]) -> object:
    """The one picture of a request."""
    [picture] = parse_fields(fields).pictures
    return picture


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"body": PICTURE}, id="raw body"),
        pytest.param({"data": bytearray(PICTURE)}, id="raw data"),
        pytest.param({"image": PICTURE}, id="multipart image"),
        pytest.param({"file": PICTURE, "comment": b"hello"}, id="multipart file beside a comment"),
        pytest.param({"body": {"image": BASE64}}, id="parsed JSON"),
        pytest.param({"body": json.dumps({"image": BASE64}).encode()}, id="JSON under any content type"),
        pytest.param({"body": "\n " + json.dumps({"image": BASE64})}, id="JSON decoded as text"),
        pytest.param({"body": {"image": f"data:image/png;base64,{BASE64}"}}, id="data URL"),
        pytest.param({"body": {"image": f"{BASE64[:5]}\n{BASE64[5:]}"}}, id="base64 in lines"),
        pytest.param({"body": MULTIPART}, id="multipart under another content type"),
        pytest.param({"body": MULTIPART.replace(b'"data"', b'"file"')}, id="another field of it"),
        pytest.param({"body": b"", "data": PICTURE}, id="an empty field before a file"),
    ],
)
def test_the_picture_is_found_in_each_kind_of_body(fields: dict[str, object]) -> None:
    assert picture_bytes(fields) == PICTURE


@pytest.mark.parametrize("picture", [PICTURE, PICTURE + b"x", PICTURE + b"xx"], ids=["no", "two", "one"])
@pytest.mark.parametrize("form", ['{"image":"%s"}', '{"image" : "%s" }', '\n{ "image": "data:image/png;base64,%s"}'])
def test_json_that_curl_labelled_as_a_form_is_put_together_again(form: str, picture: bytes) -> None:
    """The server's form parser has split it at the first `=`, the base64's padding, and turned `+` into blanks."""
    text = form % base64.b64encode(picture).decode()
    name, _, value = text.replace("+", " ").partition("=")
    assert picture_bytes({name: value.encode()}) == picture


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "no picture (fields seen: none)"),
        ({"foo": b"x", "b" * 90: b"y"}, "fields seen: 'foo', 'bbbbbbbbbbbbbbbbbbbb'"),
        ({"body": b'{"image": '}, "looks like JSON but is malformed"),
        ({"body": b"[" * 100_000}, "looks like JSON but is malformed"),
        ({"body": b"[1, 2]"}, "the JSON body is an array"),
        (
            {"body": {"picture": BASE64}},
            "an object without any of instances, inputs, image, data, image_bytes, b64, body, file",
        ),
        ({"body": {"image": 7}}, '"image" is a number'),
        ({"body": {"image": "$$$"}}, '"image" is not base64'),
        ({"body": {"image": "AAAAA"}}, '"image" is not base64'),
        ({"body": {"image": "é"}}, '"image" is not base64'),
        ({"body": b'{"image": NaN}'}, '"image" is a number'),
        ({"body": b'{"inputs": {}, "id": "' + b"\xff" + b'"}'}, "looks like JSON but is malformed"),
        ({"body": b"--" + b"x" * 100}, "looks like multipart/form-data but is malformed"),
        ({"body": b"--x\r\n\r\n\r\n--x--"}, "no part with a header"),
        ({"body": b"--x\r\nContent-Type: a/b\r\n\r\n\r\n--x--"}, "no picture (fields seen: none)"),
        ({"body": b"a=1&b=2"}, "no picture (fields seen: 'a', 'b')"),
        ({"body": b"&".join([b"a=1"] * 101)}, "more than 100 fields"),
        ({"body": MULTIPART[:-8]}, "the form is not whole"),
        ({"data": PICTURE, "body": PICTURE}, "2 pictures, in the fields 'data', 'body'"),
        ({"data": PICTURE, "x": PICTURE}, "2 pictures, in the fields 'data', 'x'"),
        ({"body": {"image": BASE64, "data": BASE64}}, "the JSON body has the members image, data"),
        ({"body": [BASE64, BASE64]}, "the JSON body is an array of length 2"),
        ({"body": 7}, "the JSON body is a number"),
    ],
)
def test_a_malformed_body_is_a_bad_request_that_says_why(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(BadRequest) as caught:
        picture_bytes(fields)
    assert complaint in str(caught.value)


def test_a_reading_is_encoded_as_the_contract_says() -> None:
    reading = Reading("7", 0.99912345, True, {"7": 0.99912345, "9": 0.00087655})
    query = parse_fields({"body": PICTURE})
    assert query.encode([Answer(reading, (3, 5, 12, 20))], SERVED, "id") == {
        "label": "7",
        "confidence": 0.999123,
        "recognised": True,
        "probabilities": {"7": 0.999123, "9": 0.000877},
        "ink": [3, 5, 12, 20],
        "model": "mnist",
        "version": "1.0",
    }


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (BadRequest("why"), 400, "BadRequest"),
        (UnknownResource("why"), 404, "ResourceNotFoundException"),
        (ImageTooLarge("why"), 413, "PayloadTooLarge"),
        (UnsupportedImage("why"), 415, "UnsupportedMediaType"),
        (NoInk("why"), 422, "UnprocessableEntity"),
    ],
)
def test_an_error_has_the_status_and_the_shape_of_torchserves_own(error: Exception, code: int, kind: str) -> None:
    failure = describe_error(error)
    assert json.loads(failure.body()) == {"code": code, "type": kind, "message": "why"}
    assert json.loads(failure.body(is_open_inference=True)) == {"error": "why"}
    assert (failure.status.code, failure.status.phrase) == (code, kind)
    assert failure.status.phrase.isascii()
    assert failure.traceback == ""


def test_an_unforeseen_error_tells_the_client_nothing_and_the_log_all() -> None:
    failure = describe_error(KeyError("/secret/path"))
    assert failure.status.code == 500
    assert "secret" not in failure.body()
    assert "KeyError: '/secret/path'" in failure.traceback


MEGABYTES = 5_000_000
TENSOR = b'{"inputs": [{"name": "x", "datatype": "UINT8", "shape": %s, "data": %s}]}'


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"--" * (MEGABYTES // 2), id="dashes"),
        pytest.param(b"--b\r\n" + b"\r\n--b" * (MEGABYTES // 5), id="a million parts"),
        pytest.param(b"--b\r\n" + b"content-disposition: ; " * (MEGABYTES // 23), id="a long part header"),
        pytest.param(b'{"image": "' + b" " * MEGABYTES + b'"}', id="blanks"),
        pytest.param(b'{"image": ' + b"[" * MEGABYTES, id="brackets"),
        pytest.param(TENSOR % (b"[" + b"2," * (MEGABYTES // 2) + b"2]", b"[]"), id="a million dimensions"),
        pytest.param(TENSOR % (b"[-1]", b"[" + b"0," * (MEGABYTES // 2) + b"0]"), id="a million numbers"),
        pytest.param(TENSOR % (b"[-1]", b"[" + b"[0]," * (MEGABYTES // 4) + b"0]"), id="a million arrays"),
        pytest.param(b'{"inputs": [' + b"{}," * (MEGABYTES // 3) + b"{}]}", id="a million tensors"),
    ],
)
def test_hostile_bodies_are_refused_before_anyone_has_to_wait(body: bytes) -> None:
    """A batch of eight of them must not take a worker as long as its timeout."""
    started = time.process_time()
    with pytest.raises(InvalidImage):
        for picture in parse_fields({"body": body}).pictures:
            decode_picture(bytes(picture)) if isinstance(picture, bytes) else None
    assert time.process_time() - started < 1.8
