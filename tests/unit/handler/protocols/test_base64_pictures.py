"""Pictures as text, as senders pack them: alphabets, padding, URLs, blanks, members and forms."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from handler.protocols.parsing import parse_fields
from handler.protocols.query import BadRequest
from model.errors import UnsupportedImage

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(255))
TEXT = base64.b64encode(PICTURE).decode()
assert "+" in TEXT and "/" in TEXT and TEXT.endswith("=")

TEXTS = {
    "base64": TEXT,
    "without padding": TEXT.rstrip("="),
    "too much padding": TEXT + "==",
    "URL-safe": base64.urlsafe_b64encode(PICTURE).decode(),
    "percent-encoded": quote(TEXT, safe=""),
    "in lines": base64.encodebytes(PICTURE).decode(),
    "after blanks": " \n\t" + TEXT,
    "a data URL": f"data:image/png;base64,{TEXT}",
    "a data URL in capitals": f" DATA:image/png;BASE64,{TEXT}",
    "a data URL with a charset": f"data:image/png; charset=utf-8; base64,{TEXT}",
    "a percent-encoded data URL": f"data:image/png;base64,{quote(TEXT, safe='')}",
    "a data URL that is not base64": f"data:image/png,{quote(PICTURE)}",
}

PLACES: dict[str, Callable[[str], str]] = {
    "the body": lambda text: text,
    "a JSON string": lambda text: json.dumps(text),
    "image": lambda text: json.dumps({"image": text}),
    "data": lambda text: json.dumps({"data": text}),
    "body": lambda text: json.dumps({"body": text}),
    "b64": lambda text: json.dumps({"b64": text}),
    "image_bytes.b64": lambda text: json.dumps({"image_bytes": {"b64": text}}),
    "an array": lambda text: json.dumps([text]),
    "an array of an object": lambda text: json.dumps([{"data": text}]),
    "an instance": lambda text: json.dumps({"instances": [{"b64": text}]}),
    "a multipart field": lambda text: f'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n{text}\r\n--x--\r\n',
    "an urlencoded field": lambda text: f"data={quote_plus(text)}",
}


def picture(body: str | bytes) -> object:
    """The one picture of a body."""
    [found] = parse_fields({"body": body.encode() if isinstance(body, str) else body}).pictures
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_kind_of_base64_is_read_in_every_place(text: str, place: str) -> None:
    assert picture(PLACES[place](TEXTS[text])) == PICTURE


def test_base64_in_a_form_that_did_not_encode_it_keeps_its_plus_signs() -> None:
    assert picture(f"data={TEXT}") == PICTURE


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_base64_that_torchserve_split_as_a_form_is_put_together_again(head: str) -> None:
    name, _, rest = (head + TEXT).replace("+", " ").partition("=")
    [found] = parse_fields({name: rest.encode()}).pictures
    assert found == PICTURE


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", [base64.b64encode(b"no picture" * 9).decode(), "data:image/svg+xml,<svg></svg>"])
def test_what_decodes_to_no_picture_says_so(text: str, place: str) -> None:
    with pytest.raises(UnsupportedImage, match=r"decodes to .* bytes that are not a picture"):
        picture(PLACES[place](text))


@pytest.mark.parametrize("place", PLACES)
def test_a_data_url_of_broken_base64_is_a_bad_request(place: str) -> None:
    with pytest.raises(BadRequest, match="is not base64"):
        picture(PLACES[place]("data:image/png;base64,A"))


def test_a_body_that_only_its_letters_make_base64_is_no_bad_request() -> None:
    assert picture("seven") == b"seven"  # which decoding will call no picture
