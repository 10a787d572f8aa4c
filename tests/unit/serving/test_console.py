"""What a command line says to the person who started it, and how it ends."""

import errno
import os

import pytest

from model.errors import InvalidImage, OperatorError
from serving import console
from serving.console import NOTE_INTERVAL_S, Waiting


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EADDRINUSE, errno.EIO])
def test_an_error_of_the_system_is_one_line_with_the_path_and_advice(code: int) -> None:
    text = console.explain(OSError(code, os.strerror(code), "/some/where"))
    assert "/some/where; " in text and os.strerror(code) in text and "\n" not in text


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OperatorError("no such archive"), "error: no such archive"),
        (InvalidImage("no ink"), "error: no ink"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.png"), "error: No such file: x.png; "),
        (KeyboardInterrupt(), "error: interrupted"),
    ],
)
def test_an_error_that_a_person_can_correct_is_one_line_and_status_1(
    error: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> int:
        raise error

    with pytest.raises(SystemExit) as end:
        console.run(main)
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (1, "")
    assert said.err.startswith(line) and said.err.count("\n") == 1


def test_a_command_line_ends_with_its_own_status() -> None:
    with pytest.raises(SystemExit) as end:
        console.run(lambda: 3)
    assert end.value.code == 3


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        console.run(lambda: 1 // 0)


def test_a_wait_writes_a_line_every_few_seconds_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting("waiting")
    for tenths in range(int(25 * NOTE_INTERVAL_S)):
        waiting.show(tenths / 10)
    waiting.end()
    assert capsys.readouterr().err.splitlines() == ["waiting: 5 s", "waiting: 10 s"]
