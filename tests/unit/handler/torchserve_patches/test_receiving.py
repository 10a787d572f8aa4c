"""A worker reads by the block what TorchServe sends, whatever pieces it comes in."""

import logging
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import pytest
from ts.protocol import otf_message_handler

from handler.torchserve_patches.receiving import _buffered, read_by_the_block

END = struct.pack("!i", -1)


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a connection, read as in the handler."""
    monkeypatch.setattr(otf_message_handler, "_retrieve_buffer", None)
    monkeypatch.setattr(otf_message_handler, "logging", None)
    read_by_the_block()
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs
        _buffered.cache_clear()


def field(data: bytes) -> bytes:
    return struct.pack("!i", len(data)) + data


def message(*bodies: bytes) -> bytes:
    """A batch as TorchServe's Java side writes it."""
    request = field(b"id") + field(b"Host") + field(b"x") + END + field(b"body") + field(b"image/png")
    return b"I" + b"".join(request + field(body) + END for body in bodies) + END


def values(received: tuple[bytes, list[dict[str, Any]]]) -> list[bytes]:
    command, batch = received
    assert command == b"I"
    assert all(request["requestId"] == b"id" for request in batch)
    return [request["parameters"][0]["value"] for request in batch]


def test_batches_are_read_one_by_one_whatever_pieces_they_come_in(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    batches = [[b"one", b""], [bytes(range(256)) * 3000], [b"last"]]
    data = b"".join(message(*batch) for batch in batches)

    def send() -> None:
        for at in range(0, len(data), 7777):
            theirs.sendall(data[at : at + 7777])

    sender = Thread(target=send)
    sender.start()
    assert [values(otf_message_handler.retrieve_msg(ours)) for _ in batches] == batches
    sender.join()


def test_no_line_is_logged_for_a_batch(
    pair: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ours, theirs = pair
    theirs.sendall(message(b"picture"))
    assert values(otf_message_handler.retrieve_msg(ours)) == [b"picture"]
    assert caplog.records == []


@pytest.mark.parametrize("sent", [b"", b"I", message(b"picture")[:30]], ids=["nothing", "a command", "half a request"])
def test_a_worker_ends_quietly_when_the_server_has_gone(pair: tuple[socket.socket, socket.socket], sent: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(SystemExit) as exit_:
        otf_message_handler.retrieve_msg(ours)
    assert exit_.value.code == 0
