"""Pen strokes: read from UNIPEN text with clear errors, drawn as a canvas draws them."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from model.data import digits as datasets
from model.data.digits import load_pen
from model.data.pen_strokes import draw_strokes, fit_to_box, read_unipen, smooth
from model.errors import DataError

SEVEN = """.INCLUDE  dene.doc
.SEGMENT DIGIT    0 ? "7"
.COMMENT 7 12  224
.PEN_DOWN
 100  300
 200  300
 150  100
.PEN_UP
.DT 100
.PEN_DOWN
 120  200
 180  200
.PEN_UP
"""


@pytest.fixture
def unipen(tmp_path: Path) -> Path:
    path = tmp_path / "digits.tra"
    path.write_text(SEVEN * 2)
    return path


def test_digits_are_read_with_writer_and_strokes(unipen: Path) -> None:
    digits = read_unipen(unipen)
    assert [(d.label, d.writer, [len(s) for s in d.strokes]) for d in digits] == [(7, 12, [3, 2])] * 2
    assert digits[0].strokes[0].tolist() == [[100, -300], [200, -300], [150, -100]], "y points down"


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ('"7"', '"x"', 2, r"\.SEGMENT DIGIT"),
        (".COMMENT 7 12  224", ".COMMENT 7", 3, r"\.COMMENT <digit> <writer>"),
        (" 200  300", " 200", 6, "two coordinates"),
        (" 200  300", " 200 x", 6, "two coordinates"),
        (".PEN_DOWN\n 120", " 120", 10, r"only between \.PEN_DOWN and \.PEN_UP"),
        (" 180  200\n.PEN_UP\n", " 180  200\n", 12, r"ends in \.PEN_UP"),
    ],
)
def test_a_broken_file_is_named_with_its_line(unipen: Path, old: str, new: str, line: int, expected: str) -> None:
    unipen.write_text(SEVEN.replace(old, new, 1))
    with pytest.raises(DataError, match=rf"digits\.tra, line {line}: .*expected .*{expected}"):
        read_unipen(unipen)


def test_a_file_without_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.tra"
    path.write_text("hello\n")
    with pytest.raises(DataError, match="holds no UNIPEN digits"):
        read_unipen(path)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pendigits").mkdir()
    (tmp_path / "pendigits" / "pendigits-orig.tra").write_text(SEVEN)
    with pytest.raises(DataError, match="is corrupt"):
        load_pen(tmp_path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing; set DIGITS_DATA"):
        load_pen(tmp_path, download=False)


def old_compressed(text: str) -> bytes:
    """A `.Z` file as `compress` wrote them: 9-bit codes, here each a plain byte; good for under 256 bytes."""
    codes = sum(byte << (9 * place) for place, byte in enumerate(text.encode()))
    return b"\x1f\x9d\x90" + codes.to_bytes((9 * len(text) + 7) // 8, "little")


def test_missing_strokes_are_downloaded_unpacked_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "strokes.Z").write_bytes(old_compressed(SEVEN))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        monkeypatch.setattr(datasets, "PEN_URL", f"http://127.0.0.1:{server.server_address[1]}/strokes.Z")
        monkeypatch.setattr(datasets, "PEN_SHA256", hashlib.sha256(SEVEN.encode()).hexdigest())
        assert [digit.label for digit in load_pen(tmp_path / "data")] == [7]
        assert [path.name for path in (tmp_path / "data" / "pendigits").iterdir()] == ["pendigits-orig.tra"]
        monkeypatch.setattr(datasets, "PEN_URL", f"http://127.0.0.1:{server.server_address[1]}/none.Z")
        with pytest.raises(DataError, match=r"cannot be downloaded from .*none\.Z"):
            load_pen(tmp_path / "other")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_smoothing_keeps_the_ends_and_rounds_the_corners() -> None:
    corner = np.array(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
    rounded = smooth(corner, 3)
    assert rounded[0].tolist() == [0, 0]
    assert rounded[-1].tolist() == [1, 1]
    assert np.linalg.norm(rounded - (1, 0), axis=1).min() > 0.1
    assert smooth(corner[:2]).tolist() == corner[:2].tolist()


def test_strokes_are_fitted_to_a_box_keeping_their_aspect() -> None:
    (fitted,) = fit_to_box((np.array(((0.0, 0.0), (10.0, 40.0))),), left=100, top=50, side=80)
    assert fitted.tolist() == [[130, 50], [150, 130]]


@pytest.mark.parametrize("width", [4, 9.5, 20])
def test_the_pen_is_as_wide_as_it_says_and_round_at_its_ends(width: float) -> None:
    ink = draw_strokes((np.array(((50.0, 50.0), (150.0, 50.0))),), (200, 100), width) / 255
    assert ink[:, 100].sum() == pytest.approx(width, abs=0.7)
    rows = np.arange(100) + 0.5
    assert (ink[:, 100] * rows).sum() / ink[:, 100].sum() == pytest.approx(50, abs=0.3)
    assert ink.sum() == pytest.approx(100 * width + np.pi * width**2 / 4, rel=0.08)
