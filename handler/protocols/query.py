"""What one request asks, whatever format it came in: its pictures, and how their answers are put together.

Leaves telling the formats apart to `handler.protocols.parsing`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from model.errors import ImageTooLarge, InvalidImage
from model.explanation import Explanation
from model.preprocessing.ink import PixelBox
from model.recogniser import Reading

MAX_PICTURES = 256  # in one request
MAX_EXPLAINED = 16  # in one request for explanations, because predictions in the same batch wait for them
DECIMALS = 6  # of probabilities in JSON

Picture = bytes | Image.Image
"""A picture file of any documented format, or, from a tensor, ink as light on dark (mode L) or colours (mode RGB)."""


class BadRequest(InvalidImage):
    """The body around the picture is malformed: JSON, base64, fields or tensors."""


class UnknownResource(InvalidImage):
    """A model, version or path is asked for that is not here."""


@dataclass(frozen=True)
class Served:
    """What answers name: the model, its version, its labels in the order of the network's outputs, and the server."""

    model: str
    version: str
    labels: Sequence[str]
    server: str = "torchserve"


@dataclass(frozen=True)
class Answer:
    """The answer for one picture.

    Attributes:
        reading: what was read.
        ink: x, y, width and height of what was taken for the digit, in the picture's pixels.
        explanation: where one was asked for.
    """

    reading: Reading
    ink: PixelBox
    explanation: Explanation | None = None


@dataclass(frozen=True)
class BinaryAnswer:
    """An answer of JSON with binary data behind it."""

    content: dict[str, Any]
    data: bytes


Encoder = Callable[[Sequence[Answer], Served, str], dict[str, Any] | BinaryAnswer]
"""Puts the answers of one request, in the order of its pictures, and the request's id into one JSON object."""


@dataclass(frozen=True)
class Query:
    """One parsed request."""

    pictures: Sequence[Picture]
    encode: Encoder


def encode_result(answer: Answer, served: Served) -> dict[str, Any]:
    """The result object for one picture."""
    reading = answer.reading
    result: dict[str, Any] = {
        "label": reading.label,
        "confidence": round(reading.confidence, DECIMALS),
        "recognised": reading.recognised,
        "probabilities": {name: round(share, DECIMALS) for name, share in reading.probabilities.items()},
        "ink": list(answer.ink),
        "model": served.model,
        "version": served.version,
    }
    if answer.explanation is not None:
        result |= answer.explanation.as_json()
    return result


def encode_single(answers: Sequence[Answer], served: Served, _request_id: str) -> dict[str, Any]:
    """The result object of a request with one picture."""
    return encode_result(answers[0], served)


def check_count(pictures: int, limit: int = MAX_PICTURES) -> None:
    """Refuse a request without pictures, or with so many that other requests would wait for it.

    Raises:
        BadRequest: there are none.
        ImageTooLarge: there are more than `limit`.
    """
    if pictures == 0:
        raise BadRequest("the request holds no pictures; at least one is expected")
    if pictures > limit:
        raise ImageTooLarge(f"the request holds {pictures:,} pictures; at most {limit} are accepted")


def kind_of(value: object) -> str:
    """What a JSON value is, in JSON's own words, for messages."""
    names = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")
