"""Papers of every kind are measured beside the same digits without the disturbance, and the worst are shown."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from model.artifacts import LABELS_FILE
from model.data.digits import NOT_A_DIGIT
from model.data.papers.kinds import KINDS
from model.data.papers.validation import PaperItem
from model.evaluation import paper_page, papers
from model.evaluation.papers import MeasuredRow, PaperReadings, measure_papers, pictures_of
from model.evaluation.tables import paper_table
from model.locations import RELEASED, ROOT
from model.recogniser import Recogniser
from tests.drawing import STROKES

MADE = {"date": "today", "commit": "", "command": "evaluate <&>"}


def digits_of(_folder: Path) -> list[tuple[Any, int]]:
    return [(strokes, digit) for digit, strokes in STROKES.items()]


@pytest.fixture(scope="module")
def measured() -> dict[str, MeasuredRow]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papers, "validation_digits", digits_of)
        drawn: list[int] = []
        recogniser = Recogniser.load_folder(RELEASED, ROOT / LABELS_FILE)
        found = measure_papers(recogniser, Path("nowhere"), 1, drawn.append)
        assert sum(drawn) == pictures_of(1)
        return found


def readings(labels: list[int], rows: list[list[float]], blank: list[bool]) -> PaperReadings:
    items = [PaperItem("frame", "frames", STROKES[0], label, i) for i, label in enumerate(labels)]
    return PaperReadings(items, torch.tensor(rows), torch.tensor(blank), threshold=2.0)


def test_shares_count_what_is_right_refused_and_surely_another() -> None:
    sure, doubtful = [0.98, 0.01, 0.01], [0.4, 0.3, 0.3]
    one = readings([0, 1, 0, 0], [sure, sure, doubtful, sure], [False, False, False, True])
    shares = one.shares()
    assert (shares["n"], shares["right"], shares["label_right"]) == (4, 0.25, 0.5)
    assert (shares["refused"], shares["surely_other"]) == (0.5, 0.25)
    assert shares["interval"][0] < 0.25 < shares["interval"][1]
    assert [(item.number, answer) for item, answer in one.worst()] == [
        (1, "0 98%"),
        (2, "0 40%, refused"),
        (3, "no ink"),
    ]


def test_every_kind_is_measured_on_the_same_digits_with_and_without_it(measured: dict[str, MeasuredRow]) -> None:
    seen = [kind for row in measured.values() for kind in row.results()["kinds"]]
    assert sorted(seen) == sorted(KINDS)
    for row in measured.values():
        assert [item.number for item in row.plain.items] == [item.number for item in row.disturbed.items]
        assert {item.kind for item in row.plain.items} == {""}
        assert {item.label for item in row.empty.items} == {NOT_A_DIGIT}


def test_the_table_has_a_line_for_each_row_and_each_kind(measured: dict[str, MeasuredRow]) -> None:
    results = {name: row.results() for name, row in measured.items()}
    assert len(paper_table(results).splitlines()) == 2 + len(measured)
    assert len(paper_table(results, by_kind=True).splitlines()) == 2 + len(measured) + len(KINDS)


def test_the_page_is_whole_and_shows_every_kind(
    measured: dict[str, MeasuredRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_page, "validation_digits", digits_of)
    paper_page.write_paper_page(tmp_path, measured, MADE, Path("nowhere"))
    html = (tmp_path / paper_page.PAGE_FILE).read_text(encoding="utf-8")
    page = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>"))  # noqa: S314 - our own file
    headings = [" ".join("".join(heading.itertext()).split()) for heading in page.iter("h3")]
    for name, kind in KINDS.items():
        assert f"{name} ({kind.family}{'' if kind.is_seen else ', kept from training'})" in headings
    assert len(page.findall(".//table[@id='papers']/tbody/tr")) == len(measured)
    assert all(image.get("alt") and image.get("src", "").startswith("data:image/png") for image in page.iter("img"))
