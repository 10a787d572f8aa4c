"""Prepares one request for the batch: parsed, its pictures decoded and preprocessed, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from handler.protocols.description import description_query
from handler.protocols.parsing import Failure, describe_error, parse_request
from handler.protocols.query import MAX_EXPLAINED, Picture, Query, check_count
from model.errors import ImageTooLarge, InvalidImage
from model.preprocessing.decoding import MAX_PIXELS, decode_picture
from model.preprocessing.digit import digit_image
from model.preprocessing.images import GreyImage


@dataclass(frozen=True)
class Item:
    """One request of a batch, prepared.

    Attributes:
        query: what it asks.
        images: the query's pictures as the network will see them, uint8 (28, 28), 0 = paper, 255 = ink.
        explain: whether explanations are asked for.
        decode_s, preprocess_s: seconds that parsing and decoding, and preprocessing, took.
    """

    query: Query
    images: list[GreyImage]
    explain: bool
    decode_s: float
    preprocess_s: float


def prepare(request: dict[str, Any], headers: dict[str, str], metadata: dict[str, Any]) -> Item | Failure:
    """Make one request ready for the network; an error must not fail the other requests.

    Args:
        request: its parameters as TorchServe hands them over.
        headers: of HTTP, with those that TorchServe adds.
        metadata: of the released model, which a management request asks for.
    """
    started = perf_counter()
    try:
        query = description_query(request, headers, metadata) or parse_request(request)
        explain = wants_explanation(headers)
        if explain and query.pictures:
            check_count(len(query.pictures), MAX_EXPLAINED)
        images, preprocess_s = _preprocessed(query.pictures)
        return Item(query, images, explain, perf_counter() - started - preprocess_s, preprocess_s)
    except Exception as error:  # a fault of ours too
        return describe_error(error)


def wants_explanation(headers: dict[str, str]) -> bool:
    """Whether a request came by a path for explanations: TorchServe says so, after any header of the client's."""
    return headers.get("explain") == "True"


def _preprocessed(pictures: Sequence[Picture]) -> tuple[list[GreyImage], float]:
    """The digit images, and the seconds that preprocessing took; an error names the picture among several.

    Raises:
        InvalidImage: a picture cannot be read, or all together have more pixels than one may have.
    """
    images: list[GreyImage] = []
    allowed, seconds = MAX_PIXELS, 0.0
    try:
        for picture in pictures:
            decoded = decode_picture(picture) if isinstance(picture, bytes) else picture
            allowed -= decoded.width * decoded.height
            if allowed < 0:
                raise ImageTooLarge(f"the pictures of one request may have {MAX_PIXELS:,} pixels together, no more")
            started = perf_counter()
            images.append(digit_image(decoded, is_dark_ink=None if isinstance(picture, bytes) else False))
            seconds += perf_counter() - started
    except InvalidImage as error:
        if len(pictures) == 1:
            raise
        raise type(error)(f"picture {len(images)} of {len(pictures)}, counted from 0: {error}") from error
    return images, seconds
