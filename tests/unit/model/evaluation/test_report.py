"""The report: one well-formed file that needs nothing beside it, with the numbers of `metrics.json` and no others."""

import json
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from model.artifacts import write_json
from model.errors import ArtifactError
from model.evaluation.example_pictures import ExamplePicture, augmented, data_url
from model.evaluation.report import (
    METRICS_FILE,
    REPORT_FILE,
    REPORTED,
    Gallery,
    render,
    training_history,
    versions,
    write_report,
)
from model.evaluation.tables import corruption_table, summary
from tests.drawing import draw_digit
from tests.reporting import HOSTILE, Results, epochs, small_report


@pytest.fixture(scope="module")
def told() -> tuple[Results, Gallery]:
    return small_report()


@pytest.fixture(scope="module")
def page(told: tuple[Results, Gallery]) -> ElementTree.Element:
    return parsed(render(*told))


def parsed(html: str) -> ElementTree.Element:
    """The page as XML: fails on any tag that is not closed, any `&` or `<` that is not escaped."""
    return ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>"))  # noqa: S314 - our own file


def text_of(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(page: ElementTree.Element, path: str) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in page.findall(f".//{path}/tbody/tr")]


def test_the_page_needs_nothing_beside_it(page: ElementTree.Element) -> None:
    tags = {element.tag for element in page.iter()}
    assert not tags & {"script", "link", "iframe", "object", "form"}
    assert len(page.findall(".//img")) > 100
    for element in page.iter():
        for name in ("src", "href", "srcset", "action"):
            assert re.match(r"data:image/(png|svg\+xml);base64,[\w+/=]+$|#|$", element.get(name, "")), element.attrib
    css = page.findtext(".//style") or ""
    assert "url(" not in css
    assert "@import" not in css


def test_every_picture_is_described_and_every_anchor_leads_somewhere(page: ElementTree.Element) -> None:
    assert all(image.get("alt") for image in page.iter("img"))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [link.get("href", "") for link in page.iter("a")]
    assert len(links) == len(page.findall(".//section")) == 11
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_plots_are_well_formed_and_follow_the_theme(page: ElementTree.Element) -> None:
    prefix = "data:image/svg+xml;base64,"
    plots = [one.get("src", "") for one in page.iter("img") if one.get("src", "").startswith(prefix)]
    assert len(plots) >= 1 + 2 + 7 + 1 + 1 + 3  # accuracy, reliability, corruptions, refusals, classes, training
    for plot in plots:
        svg = b64decode(plot.removeprefix(prefix)).decode("utf-8")
        ElementTree.fromstring(svg)  # noqa: S314 - our own file
        assert "prefers-color-scheme:dark" in svg
        outside_style = svg.replace(svg[svg.index("<style>") : svg.index("</style>")], "", 1)
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", outside_style)) <= {"#ffffff"}


def test_the_page_shows_the_numbers_of_the_metrics(page: ElementTree.Element, told: tuple[Results, Gallery]) -> None:
    results = json.loads(json.dumps(told[0]))  # as metrics.json holds them
    for row, (name, one) in zip(rows(page, "table[@id='accuracies']"), results["digits"].items(), strict=True):
        low, high = one["interval"]
        wrong = sum(map(sum, one["confusion"])) - sum(one["confusion"][i][i] for i in range(10))
        accuracy, error = f"{one['accuracy']:.2%}", f"{one['expected_calibration_error']:.2%}"
        assert row == [
            " ".join(name.split()), f"{one['n']:,}", accuracy, f"{low:.2%} to {high:.2%}",
            str(wrong), f"{one['loss']:.4f}", error, f"{one['refused']:.2%}",
        ]  # fmt: skip
    reported = results["digits"][REPORTED]
    for row, one in zip(rows(page, "table[@id='classes-table']"), reported["classes"], strict=True):
        assert row[1:] == [f"{one['n']:,}", *(f"{one[key]:.2%}" for key in ("precision", "recall", "f1"))]
    for row, counts in zip(rows(page, "section[@id='confusion']/div/table"), reported["confusion"], strict=True):
        assert [int(count) for count in row[1:]] == counts
    bins = [one for digits in results["digits"].values() for one in digits["reliability"]]
    for row, one in zip(rows(page, "table[@class='bins']"), bins, strict=True):
        assert row[1:] == [f"{one['n']:,}", f"{one['confidence']:.2%}", f"{one['accuracy']:.2%}"]
    for row, (name, one) in zip(rows(page, "table[@id='refusals']"), results["nondigits"].items(), strict=True):
        shares = [f"{one['refused']:.2%}", f"{one['digits_refused']:.2%}"]
        assert row == [name, str(one["n"]), *shares, f"{one['auroc']:.4f}"]
    corrupted = results["robustness"]["sets"]["drawn"]
    for row in rows(page, "table[@class='robustness']"):
        assert row[1:] == [f"{step['accuracy']:.1%} ({step['refused']:.1%})" for step in corrupted[row[0]]]
    for row in rows(page, "table[@id='speeds']"):
        one = results["speed"]["a_picture"][row[0]]
        assert row[1:] == [f"{one['median_ms']:.3f}", f"{one['fastest_ms']:.3f}"]


def test_every_mistake_is_shown_with_what_was_read(page: ElementTree.Element, told: tuple[Results, Gallery]) -> None:
    found = [text_of(one) for one in page.findall(".//section[@id='mistakes']/ul/li")]
    mistakes = [one for digits in told[0]["digits"].values() for one in digits["mistakes"]]
    assert len(mistakes) > 3
    assert found == [f"{one['label']} → {one['read']}{one['confidence']:.0%}" for one in mistakes]


def test_what_was_measured_is_named(page: ElementTree.Element, told: tuple[Results, Gallery]) -> None:
    words = text_of(page)
    model = told[0]["model"]
    for expected in (model["sha256"], model["network_sha256"], model["commit"], versions()["torch"], HOSTILE):
        assert expected in words


def test_what_was_not_measured_is_said_in_words(told: tuple[Results, Gallery]) -> None:
    results, gallery = told
    reported_alone = {REPORTED: results["digits"][REPORTED]}
    missing = {"missing": "Nobody kept one."}
    bare = results | {"digits": reported_alone, "nondigits": {}, "training": missing}
    words = text_of(parsed(render(bare, gallery)))
    assert "--mnist-only leaves these pictures out" in words
    assert "Pen strokes were left out this time." in words
    assert "No training curves: Nobody kept one." in words


def test_page_and_metrics_are_written_whole(tmp_path: Path, told: tuple[Results, Gallery]) -> None:
    write_report(tmp_path / "new" / "folder", *told)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [METRICS_FILE, REPORT_FILE]
    found = json.loads((tmp_path / "new" / "folder" / METRICS_FILE).read_text(encoding="utf-8"))
    assert found == json.loads(json.dumps(told[0], allow_nan=False))


def test_the_summary_holds_all_tables(told: tuple[Results, Gallery]) -> None:
    printed = summary(told[0])
    assert f"| {REPORTED} | 300 | " in printed
    assert "refused: 100.00% of crosses (3; " in printed
    assert corruption_table(told[0]["robustness"]) in printed
    assert "| rotation, 10 of drawn | 100.0% | " in printed
    assert "forward pass, batch of 32: " in printed


def test_the_history_of_the_metadata_comes_first(tmp_path: Path) -> None:
    metadata = {"training": {"config": {"seed": 1}, "best_epoch": 2}, "history": epochs(2)}
    write_json(tmp_path / "history.json", {"config": {"seed": 1}, "epochs": epochs(3)})
    assert training_history(metadata, tmp_path) == {"epochs": epochs(2), "best_epoch": 2}


def test_the_history_of_another_training_is_not_shown(tmp_path: Path) -> None:
    metadata = {"training": {"config": {"seed": 1}, "best_epoch": 2}}
    assert "no history.json" in training_history(metadata, tmp_path)["missing"]
    write_json(tmp_path / "history.json", {"config": {"seed": 1}, "epochs": epochs(3)})
    assert training_history(metadata, tmp_path)["epochs"] == epochs(3)
    write_json(tmp_path / "history.json", {"config": {"seed": 2}, "epochs": epochs(3)})
    assert "another training" in training_history(metadata, tmp_path)["missing"]
    (tmp_path / "history.json").write_text("{", encoding="utf-8")
    with pytest.raises(ArtifactError, match="is not JSON"):
        training_history(metadata, tmp_path)


def test_pictures_are_embedded_no_larger_than_they_are_shown() -> None:
    with Image.open(BytesIO(b64decode(data_url(draw_digit(3)).partition(",")[2]))) as found:
        assert max(found.size) == 112


def test_blank_pictures_are_shown_as_blank() -> None:
    assert ExamplePicture.of("", Image.new("L", (28, 28), 255)).seen is None


def test_augmented_rows_begin_with_the_digit_itself(told: tuple[Results, Gallery]) -> None:
    digits = told[1].sets[HOSTILE]
    still = {"rotation_degrees": 0, "translation_px": 0, "scale": 0, "shear": 0, "elastic_px": 0}
    config = {
        "augmentation": still
        | {"stroke_probability": 0, "blur_probability": 0, "erase_probability": 0, "of_another_time": 1}
    }
    for digit, row in enumerate(augmented(digits, config)):
        assert len(row) == 9
        for image in row:
            assert np.abs(image.astype(int) - digits.images[digit].numpy()).max() <= 1
    assert any(np.abs(row[1].astype(int) - row[0]).max() > 50 for row in augmented(digits, {}))
