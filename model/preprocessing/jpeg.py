"""A JPEG's segments: takes its metadata away where Pillow fails at them."""

import struct
from collections.abc import Iterator

SIGNATURE = b"\xff\xd8"
_SCAN = 0xDA  # the pixels follow
_APP1, _APP14 = 0xE1, 0xEE
_METADATA = {*range(0xE0, 0xF0), 0xFE}  # APP0 to APP15, comments
_ADOBE_BYTES = 12  # of an APP14 that says what the colours are


def without_metadata(data: bytes) -> bytes:
    """The same JPEG with only those segments that tell its pixels, its colours and its orientation."""
    kept = [SIGNATURE]
    at = len(SIGNATURE)
    for marker, start, end in _segments(data):
        content = data[start:end]
        is_exif = marker == _APP1 and content.startswith(b"Exif\0\0")
        is_adobe = marker == _APP14 and content.startswith(b"Adobe") and len(content) >= _ADOBE_BYTES
        if marker not in _METADATA or is_exif or is_adobe:
            kept.append(data[start - 4 : end])
        at = end
    return b"".join((*kept, data[at:]))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the content of each segment before the first scan."""
    at = len(SIGNATURE)
    while at + 4 <= len(data):
        prefix, marker, length = struct.unpack_from(">BBH", data, at)
        end = at + 2 + length
        if prefix != 0xFF or marker == _SCAN or length < 2 or end > len(data):
            return
        yield marker, at + 4, end
        at = end
