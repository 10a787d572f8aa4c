"""What happens to a request between parsing and the network: decode and preprocess, one picture after the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from PIL import Image

from handler.protocols.failures import Failure
from handler.protocols.query import Picture, Query
from model.errors import ImageTooLarge, InvalidImage
from model.preprocessing.decoding import MAX_PIXELS, decode_picture
from model.preprocessing.digit import Digit, find_digit
from model.recogniser import Reading


@dataclass
class Item:
    """One request of a batch; each stage adds what it found.

    Attributes:
        is_probe: whether a gateway asks, to see that this worker answers.
        query: what is asked, from parsing.
        digits: what was taken for the digit in each of the query's pictures.
        decode_s, preprocess_s: seconds that parsing and decoding took, and preprocessing.
        readings: one for each digit, from the network.
        failure: what is answered instead, where a stage failed.
    """

    is_probe: bool = False
    query: Query | None = None
    digits: list[Digit] = field(default_factory=list)
    decode_s: float = 0.0
    preprocess_s: float = 0.0
    readings: Sequence[Reading] = ()
    failure: Failure | None = None


@dataclass(frozen=True)
class Decoded:
    """A decoded picture, and its polarity where the sender has told it."""

    picture: Image.Image
    is_dark_ink: bool | None


def decode(pictures: Sequence[Picture]) -> Iterator[Decoded]:
    """Decode the pictures of one request, each only when it is asked for: two large ones need twice the memory.

    Raises:
        InvalidImage: a picture cannot be read, or all together have more pixels than one may have.
    """
    allowed = MAX_PIXELS
    for picture in pictures:
        if isinstance(picture, bytes):
            decoded = Decoded(decode_picture(picture), is_dark_ink=None)
        else:
            decoded = Decoded(picture, is_dark_ink=None if picture.mode == "RGB" else False)
        allowed -= decoded.picture.width * decoded.picture.height
        if allowed < 0:
            raise ImageTooLarge(f"the pictures of one request may have {MAX_PIXELS:,} pixels together, no more")
        yield decoded


def preprocess(pictures: Iterable[Decoded], count: int) -> tuple[list[Digit], float]:
    """The digits of `count` decoded pictures, and the seconds that this took without the decoding.

    Raises:
        InvalidImage: a picture cannot be decoded or holds no ink; the message names it among several.
    """
    digits: list[Digit] = []
    seconds = 0.0
    try:
        for decoded in pictures:
            started = perf_counter()
            digits.append(find_digit(decoded.picture, decoded.is_dark_ink))
            seconds += perf_counter() - started
    except InvalidImage as error:
        if count == 1:
            raise
        raise type(error)(f"picture {len(digits)} of {count}, counted from 0: {error}") from error
    return digits, seconds
