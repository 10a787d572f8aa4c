"""The comparison of answers: what counts as a difference, what is only told, and requests that come out the same."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import answers
from benchmarks.answer_requests.pictures import MNIST_KINDS, PEN_KINDS
from benchmarks.answer_requests.sequence import SHARES, Requests
from model.errors import OperatorError
from serving.settings import LOOPBACK

Answering = Callable[[int], tuple[int, object]]
"""Status and JSON body of a server's answer to its request of this number."""

COUNT = 30
DRAWN = set(SHARES) - {*MNIST_KINDS, *PEN_KINDS}


def seven(number: int) -> tuple[int, object]:
    return 200, {"label": "7", "confidence": 0.99}


def error(status: int, type_: str, message: str) -> Answering:
    return lambda number: (status, {"code": status, "type": type_, "message": message.format(number)})


@contextlib.contextmanager
def serving(answering: Answering) -> Iterator[str]:
    """A server that keeps its connections alive; gives its address."""
    asked = iter(range(10_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: the second of two waits 40 ms for the first to be acknowledged

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answering(next(asked))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def compare(now: Answering, before: Answering, folder: Path, *arguments: str) -> int:
    """The exit status of a comparison, without MNIST and pen strokes."""
    with serving(now) as address, serving(before) as against:
        options = [f"--address={address}", f"--against={against}", f"--requests={COUNT}", f"--data={folder}"]
        return answers.main([*options, *arguments])


def test_servers_that_answer_the_same_pass_and_all_kinds_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "made" / "answers.json"
    assert compare(seven, seven, tmp_path, f"--output={output}") == 0
    stdout, stderr = capsys.readouterr()
    result = json.loads(output.read_text())
    assert set(result["kinds"]) == DRAWN and all(kind in stdout for kind in DRAWN)
    assert "left out: MNIST digits; MNIST resized, cropped; pen on canvas; pen on paper" in stderr
    assert result["total"]["good"] == [COUNT, COUNT]
    assert sum(kind["count"] for kind in result["kinds"].values()) == result["total"]["count"] == COUNT
    [answered] = set(result["total"]["answers"])
    assert stdout.count(answered) == 4  # of each server, of all answers and of those of status 200
    assert result["total"]["requests"] in stdout
    assert result["differences"] == result["messages"] == []


def test_one_200_answer_of_another_byte_fails_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def now(number: int) -> tuple[int, object]:
        return 200, {"label": "7", "confidence": 0.98 if number == 17 else 0.99}

    assert compare(now, seven, tmp_path) == 1
    stdout = capsys.readouterr().out
    assert f"number 17, {Requests(1, tmp_path).kind(17)}" in stdout
    assert "0.98}" in stdout and "0.99}" in stdout
    assert "1 answers differ" in stdout


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(error(400, "BadRequest", "no picture"), id="status"),
        pytest.param(error(415, "BadRequest", "no picture"), id="type"),
        pytest.param(lambda number: (415, ["no picture"]), id="no error object"),
        pytest.param(seven, id="an answer"),
    ],
)
def test_an_error_of_another_status_or_type_fails(
    now: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(now, error(415, "UnsupportedMediaType", "no picture"), tmp_path) == 1
    stdout = capsys.readouterr().out
    assert stdout.count("  number ") == answers.SHOWN_DIFFERENCES
    assert f"and {COUNT - answers.SHOWN_DIFFERENCES} more" in stdout


def test_messages_that_changed_are_listed_once_whatever_their_numbers_and_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now, before = error(415, "UnsupportedMediaType", "{} bytes"), error(415, "UnsupportedMediaType", "of {} bytes")
    assert compare(now, before, tmp_path) == 0
    stdout = capsys.readouterr().out
    assert f"{COUNT} errors differ in their message only" in stdout
    assert f"{COUNT} times 415 UnsupportedMediaType, say of number 0:\n    before: of 0 bytes\n" in stdout
    assert stdout.count("before: of") == 1


def test_the_same_seed_asks_the_same_whatever_was_asked_before(tmp_path: Path) -> None:
    first, again, other = Requests(1, tmp_path), Requests(1, tmp_path), Requests(2, tmp_path)
    numbers = range(2 * len(DRAWN))
    asked = {number: first.make(number) for number in numbers}
    assert {number: again.make(number) for number in reversed(numbers)} == asked
    assert len({(request.path, request.body) for request in asked.values()}) > 0.9 * len(numbers)
    assert sum(other.make(number) == asked[number] for number in numbers) < 3
    assert {first.kind(number) for number in range(len(DRAWN))} == DRAWN


def test_with_the_data_no_kind_is_left_out(data_root: Path) -> None:
    requests = Requests(1, data_root)
    assert requests.left_out == []
    assert {requests.kind(number) for number in range(len(SHARES))} == set(SHARES)
    assert requests.make(0) == Requests(1, data_root).make(0)


def test_every_tensor_protocol_request_has_an_id(tmp_path: Path) -> None:
    requests = Requests(3, tmp_path)
    kinds = ("OIP pictures", "OIP tensors", "forms", "explanations")
    bodies = [requests.make(number).body for number in range(200) if requests.kind(number) in kinds]
    asked = [body for body in bodies if b'"inputs"' in body]
    assert len(asked) > 10 and all(b'"id"' in body for body in asked)


def test_a_server_that_is_not_running_is_named(tmp_path: Path) -> None:
    with serving(seven) as address:
        pass
    with pytest.raises(OperatorError, match=rf"{address} gives no answer to request 0 .*refused.*make serve"):
        answers.main([f"--address={address}", f"--data={tmp_path}"])


@pytest.mark.parametrize("option", ["--address=8080", "--against=ftp://x", "--address=http://x:y", "--requests=0"])
def test_wrong_usage_is_told_apart_from_failure(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        answers.main([option])
    assert ended.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err
