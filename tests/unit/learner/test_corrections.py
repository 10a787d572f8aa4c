"""Corrections: each once, within bounds, gone when they are erased."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy
from PIL import Image

from learner import corrections as module
from learner.accepted import Correction, InvalidCorrectionError
from learner.corrections import Corrections, TooManyError
from learner.export import export_zip, import_zip
from learner.tables import SCHEMA, CorrectionRow
from model.data.corrections import read_corrections
from model.data.digits import NOT_A_DIGIT
from model.errors import DataError, InvalidImage
from release.versions.database import Database
from release.versions.deployments import now
from release.versions.locations import database_file
from tests.drawing import encoded
from tests.threads import at_once
from tests.unit.learner.conftest import correction


def test_the_same_correction_is_one_whoever_sends_it(corrections: Corrections) -> None:
    three, eight, as_none = correction(3), correction(8), correction(3, "none")
    first = corrections.add([three, eight], "ann")
    assert corrections.add([eight, as_none, three], "bob") == [first[1], as_none.id, first[0]]
    assert corrections.count() == 3
    assert {kept.label: kept.by for kept in corrections.listed(10)} == {"3": "ann", "8": "ann", "none": "bob"}


def test_several_may_send_the_same_at_once(database: str) -> None:
    def send() -> None:
        with closing(Database(SCHEMA)) as opened:
            for digit in range(5):
                Corrections(opened).add([correction(digit)], "ann")

    assert at_once(4, send) == []
    with closing(Database(SCHEMA)) as opened:
        assert Corrections(opened).count() == 5


def test_the_newest_are_listed_first_and_page_by_page(corrections: Corrections) -> None:
    for digit in range(5):
        corrections.add([correction(digit)], "ann")
    shown = corrections.listed(2)
    assert [kept.label for kept in shown] == ["4", "3"]
    assert [kept.label for kept in corrections.listed(2, before=shown[-1].received)] == ["2", "1"]
    assert [kept.label for kept, _ in corrections.all()] == ["0", "1", "2", "3", "4"]


def test_one_is_read_back_whole(corrections: Corrections) -> None:
    sent = correction(7, "2")
    [id] = corrections.add([sent], "ann")
    found = corrections.get(id)
    assert found is not None
    kept, whole = found
    assert whole == sent
    assert (kept.label, kept.answer, kept.confidence, kept.version, kept.by) == ("2", "1", 0.75, "1.0", "ann")
    assert timedelta(0) <= now() - kept.received < timedelta(minutes=1)
    assert corrections.get("nothing") is None


def test_what_is_erased_leaves_nothing_in_the_files(corrections: Corrections, database: str) -> None:
    sent = [correction(digit) for digit in range(10)]
    ids = corrections.add(sent, "ann")
    assert corrections.erase(ids[3]) == 1
    assert corrections.erase(ids[3]) == 0
    assert corrections.get(ids[3]) is None
    assert corrections.count() == 9
    assert corrections.erase(None) == 9
    assert corrections.count() == 0
    if database == "SQLite":
        files = b"".join(path.read_bytes() for path in database_file().parent.glob(f"{database_file().name}*"))
        assert [one.label for one in sent if one.picture[40:80] in files] == []


def test_a_key_may_send_so_many_in_a_minute_and_another_key_as_many(
    corrections: Corrections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PER_MINUTE", 3)
    corrections.add([correction(digit) for digit in range(3)], "ann")
    with pytest.raises(TooManyError, match="'ann' has sent 3 corrections within a minute, and these are 1 more") as one:
        corrections.add([correction(3)], "ann")
    assert one.value.retry_after_s == 60
    assert len(corrections.add([correction(0)], "ann")) == 1  # known already: nothing more to keep
    corrections.add([correction(digit) for digit in range(3, 6)], "bob")
    assert corrections.count() == 6
    with corrections._database.writing() as session:
        session.execute(sqlalchemy.update(CorrectionRow).values(received=now() - timedelta(minutes=2)))
    corrections.add([correction(6)], "ann")


def test_no_more_are_kept_than_an_export_holds(corrections: Corrections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    with pytest.raises(TooManyError, match="2 is the most; an admin can export and erase them") as full:
        corrections.add([correction(digit) for digit in range(3)], "ann")
    assert full.value.retry_after_s is None
    assert corrections.count() == 0  # all or none


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "x"}, "the label is 'x'; accepted are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, none"),
        ({"strokes": [{"points": []}]}, "no 'width'"),
        ({"strokes": [{"points": [{"x": 1e9, "y": 0}], "width": 0.1, "erases": False}]}, "not between"),
        ({"picture": b"hello"}, "not a picture that can be read"),
        ({"picture": encoded(Image.new("L", (50, 50), 255))}, "blank|ink"),
    ],
)
def test_what_nobody_could_learn_from_is_refused_in_words(changes: dict[str, object], words: str) -> None:
    wrong = Correction(**(vars(correction(3)) | changes))
    with pytest.raises((InvalidCorrectionError, InvalidImage), match=words):
        wrong.check()


def test_an_export_is_read_by_training_and_taken_in_again(corrections: Corrections, tmp_path: Path) -> None:
    sent = [correction(4), correction(9, "none"), Correction(_jpeg(), "7", None, None, None, [])]
    ids = corrections.add(sent, "ann")
    content = export_zip(corrections.all())
    (tmp_path / "export.zip").write_bytes(content)
    read = read_corrections(tmp_path / "export.zip")
    assert read.digits.labels.tolist() == [4, NOT_A_DIGIT, 7]
    assert [origin.kind for origin in read.origins] == ["drawing", "drawing", "picture"]
    assert [one.id for one in import_zip(content)] == ids
    with pytest.raises(DataError, match="cannot be read as a zip file"):
        import_zip(b"no zip")


def _jpeg() -> bytes:
    content = BytesIO()
    Image.open(BytesIO(correction(7).picture)).convert("L").save(content, "JPEG")
    return content.getvalue()
