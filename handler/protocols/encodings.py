"""What a body may be wrapped in: gzip, and the encodings of JSON's text."""

import re
import zlib

from handler.protocols.query import BadRequest
from model.errors import ImageTooLarge

MAX_UNPACKED_BYTES = 8 * 1024 * 1024  # as large as a body may be that is not packed
_GZIP = b"\x1f\x8b\x08"
_MARK = rb"(?:\xef\xbb\xbf|\xff\xfe\0\0|\xff\xfe|\0\0\xfe\xff|\xfe\xff)"
_JSON = re.compile(rb"\s*" + _MARK + rb'?[\s\0]*[{\["]')


def looks_like_json(body: bytes) -> bool:
    """Whether an object, an array or a string begins, in UTF-8, UTF-16 or UTF-32, with or without a byte-order mark."""
    return _JSON.match(body, 0, 64) is not None


def unpacked_gzip(body: bytes) -> bytes:
    """The content of a gzip body, or the body itself where it is none.

    Raises:
        BadRequest: it is broken or not whole.
        ImageTooLarge: it unpacks to more than `MAX_UNPACKED_BYTES`; no more than those are unpacked.
    """
    if not body.startswith(_GZIP):
        return body
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = inflater.decompress(body, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise BadRequest("the body looks like gzip but is broken") from error
    if inflater.unconsumed_tail and not inflater.eof:
        raise ImageTooLarge(f"the gzip body unpacks to more than the {MAX_UNPACKED_BYTES:,} bytes that are accepted")
    if not inflater.eof:
        raise BadRequest("the body looks like gzip but is not whole")
    return content
