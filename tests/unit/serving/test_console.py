"""What a command line says to the person who started it."""

import errno
import os

import pytest

from serving import console


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EADDRINUSE, errno.EIO])
def test_an_error_of_the_system_is_one_line_with_the_path_and_advice(code: int) -> None:
    text = console.explain(OSError(code, os.strerror(code), "/some/where"))
    assert "/some/where; " in text and os.strerror(code) in text and "\n" not in text
