"""What a machine may lack: a short temporary folder, a UTF-8 locale, files to open, address space."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from model.locations import ROOT
from serving import machine
from serving.machine import (
    LONGEST_SOCKET,
    MAX_FOLDER_BYTES,
    MIN_OPEN_FILES,
    check_open_files,
    exceeded_limit,
    temporary_folder,
)
from serving.settings import ServeError

OUT_OF_FILES = "Errors$NativeIoException: accept(..) failed: Too many open files"
OUT_OF_MEMORY = "# There is insufficient memory for the Java Runtime Environment to continue."


def folder_of(size: int, parent: Path) -> Path:
    """A new folder with that many bytes in its path."""
    folder = parent / ("x" * (size - len(os.fsencode(parent)) - 1))
    folder.mkdir()
    return folder


def limit(monkeypatch: pytest.MonkeyPatch, which: int, value: int) -> None:
    real = resource.getrlimit
    monkeypatch.setattr(resource, "getrlimit", lambda asked: (value, value) if asked == which else real(asked))


def test_a_folder_of_the_longest_accepted_name_holds_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        folder = folder_of(MAX_FOLDER_BYTES, Path(parent))
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert temporary_folder() == folder
        run, name = LONGEST_SOCKET.lstrip("/").split("/")
        (folder / run).mkdir()
        with socket.socket(socket.AF_UNIX) as worker:
            worker.bind(str(folder / run / name))


def test_a_folder_with_a_longer_name_is_left_for_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        monkeypatch.setattr(tempfile, "tempdir", str(folder_of(MAX_FOLDER_BYTES + 1, Path(parent))))
        assert temporary_folder() == Path("/tmp")  # noqa: S108


def test_without_a_short_folder_the_long_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = folder_of(120, tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setattr(machine, "SHORT_FOLDERS", (tmp_path / "none",))
    with pytest.raises(ServeError, match=rf"{long} has 120 bytes .* set TMPDIR to .* at most {MAX_FOLDER_BYTES}"):
        temporary_folder()


@pytest.mark.parametrize(
    ("locale", "variables"),
    [
        ({"LC_ALL": "C"}, "{'LC_ALL': 'C.UTF-8'}"),
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, "{'LC_ALL': 'C.UTF-8'}"),
        ({"LC_ALL": "C.UTF-8"}, "{}"),
        ({"LANG": "C.UTF-8"}, "{}"),
    ],
)
def test_another_locale_than_utf8_is_replaced(locale: dict[str, str], variables: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_") and name != "LANG"}
    code = "import locale, serving.machine as m; print(m.utf8_locale()); print(locale.setlocale(locale.LC_CTYPE))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=kept | locale, cwd=ROOT, capture_output=True, text=True, check=True)
    found, in_use = done.stdout.splitlines()
    assert found == variables
    assert in_use == locale.get("LC_ALL", locale.get("LANG")), "this process keeps its own"


def test_too_low_a_limit_of_open_files_is_named_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for enough in (MIN_OPEN_FILES, resource.RLIM_INFINITY):
        limit(monkeypatch, resource.RLIMIT_NOFILE, enough)
        check_open_files()
    limit(monkeypatch, resource.RLIMIT_NOFILE, MIN_OPEN_FILES - 1)
    with pytest.raises(ServeError, match=r"limit of 95 open files \(ulimit -n\) is too low .* allow 1024"):
        check_open_files()


def test_a_limit_that_the_logs_tell_of_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIMIT_NOFILE, 200)
    limit(monkeypatch, resource.RLIMIT_AS, 3000 * 2**20)
    assert exceeded_limit(["Model server started."]) is None
    assert "limit of 200 open files" in str(exceeded_limit(["", OUT_OF_FILES]))
    assert "limit of 3000 MB of address space (ulimit -v)" in str(exceeded_limit([OUT_OF_MEMORY]))


def test_memory_that_runs_out_without_a_limit_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, resource.RLIMIT_AS, resource.RLIM_INFINITY)
    assert exceeded_limit([OUT_OF_MEMORY]) is None
