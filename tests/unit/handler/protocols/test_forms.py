"""Forms as clients send them: parts, encodings, preambles, line ends, several fields of one name."""

import base64

import pytest

from handler.protocols.forms import MAX_FIELDS, looks_like_multipart, split_multipart, split_urlencoded
from handler.protocols.query import BadRequest

BYTES = bytes(range(256)) + b"\r\n--x\r\r\n\n"


def part(content: bytes, header: bytes = b"", name: bytes = b'"data"', boundary: bytes = b"b") -> bytes:
    """One part of a form, as RFC 7578 has it."""
    head = b"--" + boundary + b"\r\nContent-Disposition: form-data; name=" + name + b'; filename="a"\r\n' + header
    return head + b"\r\n" + content + b"\r\n"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(part(BYTES) + b"--b--\r\n", id="plain"),
        pytest.param(part(BYTES) + b"--b--", id="without the last line end"),
        pytest.param(part(BYTES) + b"--b-- \t\r\nepilogue", id="with an epilogue"),
        pytest.param(b"\r\n" + part(BYTES) + b"--b--", id="after a blank line"),
        pytest.param(b"This is a form.\r\n\r\n" + part(BYTES) + b"--b--", id="after a preamble"),
        pytest.param(part(BYTES, name=b"data") + b"--b--", id="a name without quotes"),
        pytest.param(part(BYTES).replace(b"Content-Disp", b"content-DISP") + b"--b--", id="a header in other case"),
        pytest.param(part(BYTES, boundary=b"a+(b.*") + b"--a+(b.*--", id="a boundary of odd characters"),
        pytest.param(part(BYTES, boundary=b"b" * 70) + b"--" + b"b" * 70 + b"--", id="the longest boundary"),
        pytest.param(
            part(base64.encodebytes(BYTES), b"Content-Transfer-Encoding: BASE64\r\n") + b"--b--", id="in base64"
        ),
        pytest.param(
            part(b"".join(b"=%02X" % byte for byte in BYTES), b"content-transfer-encoding:Quoted-Printable\r\n")
            + b"--b--",
            id="quoted-printable",
        ),
        pytest.param(part(BYTES, b"Content-Transfer-Encoding: binary\r\n") + b"--b--", id="called binary"),
    ],
)
def test_a_part_is_read_to_the_byte(body: bytes) -> None:
    assert looks_like_multipart(body)
    assert split_multipart(body) == [("data", BYTES)]


def test_a_form_of_bare_line_feeds_is_read() -> None:
    assert split_multipart(b'--b\nContent-Disposition: form-data; name="data"\n\nseven\n--b--\n') == [
        ("data", b"seven")
    ]


def test_all_fields_are_kept_in_their_order_those_of_one_name_too() -> None:
    body = part(b"1") + part(b"", name=b'"image"') + part(b"--c\r\n2") + part(b"3", name=b'"\xc3\xa9"') + b"--b--"
    assert split_multipart(body) == [("data", b"1"), ("image", b""), ("data", b"--c\r\n2"), ("é", b"3")]


def test_a_boundary_that_another_begins_with_does_not_end_a_part() -> None:
    assert split_multipart(part(b"x\r\n--bb\r\n--b-\r\ny") + b"--b--") == [("data", b"x\r\n--bb\r\n--b-\r\ny")]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"--b--\r\n", "no part with a header"),
        (part(BYTES), "the form is not whole"),
        (part(BYTES) + b"--b", "the form is not whole"),
        (part(b"") * (MAX_FIELDS + 1) + b"--b--", "more than 100 parts"),
        (part(b"AAAAA", b"Content-Transfer-Encoding: base64\r\n") + b"--b--", "not in the Content-Transfer-Encoding"),
    ],
)
def test_a_form_that_cannot_be_read_says_why(body: bytes, complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        split_multipart(body)


def test_urlencoded_fields_are_decoded_but_for_plus_signs() -> None:
    assert split_urlencoded(b"data=a+b%2Bc%20d&image=&data=%C3%A9\r\n") == [
        ("data", "a+b+c d"),
        ("image", ""),
        ("data", "é"),
    ]
