"""Corrections exported by the page, read back for training; the page's own export is read in tests/e2e."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import corrections
from model.data.corrections import read_corrections
from model.data.digits import NOT_A_DIGIT
from model.errors import DataError
from model.preprocessing.digit import digit_image
from tests.drawing import draw_digit, encoded
from tests.exports import NAMES, PNG, entry, write_export


def test_an_export_becomes_digits_and_where_they_are_from(tmp_path: Path) -> None:
    second = entry(picture="pictures/000002.jpg", correction="none", kind="picture", strokes=[])
    pictures = {NAMES[0]: PNG, "pictures/000002.jpg": encoded(draw_digit(7).convert("RGB"), "JPEG")}
    read = read_corrections(write_export(tmp_path / "export.zip", [entry(), second], pictures))
    assert read.digits.images.shape == (2, 28, 28)
    assert (read.digits.images[0].numpy() == digit_image(draw_digit(3))).all()
    assert read.digits.labels.tolist() == [3, NOT_A_DIGIT]
    first, last = read.origins
    assert (first.read_as, first.confidence, first.model, first.label) == ("8", 0.5, "mnist 1.0", 3)
    assert (first.kind, first.time) == ("drawing", "2026-11-21T10:00:00.000Z")
    (stroke,) = first.strokes
    np.testing.assert_array_equal(stroke.points, np.array([[0.25, 0.5], [0.5, 0.75]], np.float32))
    assert (stroke.width, stroke.erases) == (0.07, False)
    assert (last.kind, last.strokes) == ("picture", ())


def test_what_belongs_to_a_test_set_is_not_learned_from(tmp_path: Path) -> None:
    entries = [entry(), entry(picture=NAMES[1], kind="sample"), entry(picture=NAMES[2], correction="none")]
    read = read_corrections(write_export(tmp_path / "export.zip", entries))
    assert read.to_learn().labels.tolist() == [3, NOT_A_DIGIT]


def test_corrections_of_own_classes_are_read_by_their_labels(tmp_path: Path) -> None:
    entries = [entry(correction="K"), entry(picture=NAMES[1], correction="none")]
    path = write_export(tmp_path / "export.zip", entries)
    assert read_corrections(path, ["A", "K"]).digits.labels.tolist() == [1, NOT_A_DIGIT]
    with pytest.raises(DataError, match="the correction is 'K'; A, B, none are accepted"):
        read_corrections(path, ["A", "B"])


def test_an_export_of_nothing_is_no_digits(tmp_path: Path) -> None:
    read = read_corrections(write_export(tmp_path / "export.zip", []))
    assert len(read.digits) == len(read.origins) == 0
    assert read.digits.images.shape == (0, 28, 28)
    assert len(read.to_learn()) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"correction": "10"}, r"the correction is '10'; 0, 1, .*, none are accepted"),
        ({"correction": 3}, "correction is 3, and should be text"),
        ({"picture": "../../etc/passwd"}, "the picture '../../etc/passwd' is not like pictures/000001.png"),
        ({"picture": "pictures/000009.png"}, "has no pictures/000009.png"),
        ({"kind": "dream"}, "the kind is 'dream'; drawing, picture, sample are known"),
        ({"answer": {"confidence": 0.5}}, "no 'label'"),
        ({"answer": {"label": "8", "confidence": 7}}, "7 is not between 0 and 1"),
        ({"answer": {"label": "8", "confidence": float("nan")}}, "nan is not a number"),
        ({"answer": None}, "entry 0"),
        ({"strokes": 5}, "entry 0"),
        ({"strokes": [{"width": 0.1, "erases": False, "points": [{"x": "a", "y": 0}]}]}, "'a' is not a number"),
        (
            {"strokes": [{"width": 0.1, "erases": False, "points": [{"x": 1e300, "y": 0}]}]},
            r"1e\+300 is not between -100 and 100",
        ),
        ({"strokes": [{"width": 9, "erases": False, "points": []}]}, "9 is not between 0 and 1"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_corrections(write_export(tmp_path / "export.zip", [entry(**changes)]))


@pytest.mark.parametrize(
    ("entries", "index", "words"),
    [
        ([entry(), entry()], {}, "two entries .* name the same picture"),
        ({}, {}, "corrections are a list of at most 50,000, not dict"),
        ([7], {}, "entry 0"),
        ([], {"format": 2}, "has format 2; this code reads format 1"),
    ],
)
def test_a_bad_index_is_told(tmp_path: Path, entries: object, index: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_corrections(write_export(tmp_path / "export.zip", entries, **index))


def test_too_many_points_and_corrections_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "MAX_POINTS", 1)
    with pytest.raises(DataError, match="more than 1 points"):
        read_corrections(write_export(tmp_path / "export.zip", [entry()]))
    monkeypatch.setattr(corrections, "MAX_CORRECTIONS", 0)
    with pytest.raises(DataError, match="at most 0, not 1 of them"):
        read_corrections(write_export(tmp_path / "export.zip", [entry()]))


@pytest.mark.parametrize("picture", [b"", b"hello", PNG[:50], encoded(draw_digit(3, ink=255))])
def test_a_bad_picture_is_named(tmp_path: Path, picture: bytes) -> None:
    with pytest.raises(DataError, match=NAMES[0]):
        read_corrections(write_export(tmp_path / "export.zip", [entry()], {NAMES[0]: picture}))


def test_a_zip_bomb_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    bomb = write_export(tmp_path / "export.zip", [entry()], {NAMES[0]: b"\0" * 50_000_000})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(DataError, match="unpacks to more than the 5,242,880 bytes that are accepted"):
        read_corrections(bomb)


def test_a_broken_checksum_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("corrections.json", json.dumps({"format": 1, "corrections": [entry()]}))
        archive.writestr(NAMES[0], PNG)
    data = path.read_bytes()
    place = data.index(PNG) + len(PNG) // 2
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with pytest.raises(DataError, match=f"cannot be read as a zip file: Bad CRC-32 for file '{NAMES[0]}'"):
        read_corrections(path)


@pytest.mark.parametrize("data", [b"", b"no zip file", b"PK\x05\x06", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_zip_file_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot be read as a zip file"):
        read_corrections(path)


def test_another_zip_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(DataError, match=r"has no corrections.json; is it an export of the page\?"):
        read_corrections(path)
    with pytest.raises(DataError, match="is missing"):
        read_corrections(tmp_path / "none.zip")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\ud800".encode("utf-16", "surrogatepass").decode("latin-1")])
def test_an_index_that_is_not_json_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("corrections.json", text)
    with pytest.raises(DataError, match=r"corrections\.json is not JSON"):
        read_corrections(path)
