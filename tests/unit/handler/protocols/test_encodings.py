"""Bodies in gzip and in every encoding of JSON; a bomb costs no more memory than a body may have."""

import gzip
import tracemalloc

import pytest

from handler.protocols.encodings import MAX_UNPACKED_BYTES, looks_like_json, unpacked_gzip
from handler.protocols.query import BadRequest
from model.errors import ImageTooLarge


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("text", ['{"image": ""}', " \r\n[1]"])
def test_json_is_told_in_every_encoding(text: str, encoding: str) -> None:
    assert looks_like_json(text.encode(encoding))


@pytest.mark.parametrize("body", [b"", b"\xff\xd8\xff\xe0[{", b"\x89PNG[", b"seven {", b"--b\r\n{"])
def test_what_is_not_json_is_not_taken_for_it(body: bytes) -> None:
    assert not looks_like_json(body)


def test_gzip_is_unpacked_and_anything_else_left_as_it_is() -> None:
    assert unpacked_gzip(gzip.compress(b"seven")) == b"seven"
    assert unpacked_gzip(b"seven") == b"seven"
    assert unpacked_gzip(gzip.compress(bytes(MAX_UNPACKED_BYTES))) == bytes(MAX_UNPACKED_BYTES)


def test_gzip_that_is_broken_or_not_whole_is_refused() -> None:
    packed = gzip.compress(b"a seven, packed")
    with pytest.raises(BadRequest, match="not whole"):
        unpacked_gzip(packed[:-1])
    with pytest.raises(BadRequest, match="broken"):
        unpacked_gzip(packed[:10] + b"\xff" * 20)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(ImageTooLarge, match="more than the 8,388,608 bytes"):
        unpacked_gzip(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * MAX_UNPACKED_BYTES
