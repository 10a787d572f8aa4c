"""Versions that must not be served are refused, each by the row that is about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.versions.offers import offer_all, replace_in_archive
from model.locations import RELEASED, ROOT
from release.versions.changing import RefusedError, change, checked
from release.versions.checks import check
from release.versions.database import RegistryError
from release.versions.listing import findings_text, history_text, list_text, listed
from release.versions.registry import Registry
from release.versions.smoke_pictures import smoke_pictures

pytestmark = pytest.mark.slow

QUERY = "handler/protocols/query.py"


@pytest.fixture
def registry(state: Path, tmp_path: Path) -> Iterator[Registry]:
    with closing(Registry.open()) as opened:
        yield opened


def test_the_released_network_passes(registry: Registry) -> None:
    champion = registry.archive("1.0")
    findings = check(champion, champion)
    assert [finding.name for finding in findings if not finding.passed] == []
    [read] = [finding for finding in findings if finding.name.startswith("pictures")]
    assert read.value == f"0 of {len(smoke_pictures())}"
    assert "FAIL" not in findings_text(findings)


def test_what_must_not_be_served_is_refused_by_the_row_about_it(registry: Registry, tmp_path: Path) -> None:
    offer_all(registry, tmp_path)
    registry.add(RELEASED, "crashing")
    replace_in_archive(registry, "crashing", {"handler/answering.py": "raise RuntimeError('no answering')\n"})
    registry.add(RELEASED, "blind")
    metadata = json.loads((RELEASED / "mnist.json").read_text())
    metadata["rejection"]["threshold"] = 1e9
    replace_in_archive(registry, "blind", {"mnist.json": json.dumps(metadata)})
    for name, row in {
        "slow": "time beside the champion's",
        "worse": "MNIST validation",
        "mismatched": "labels",
        "crashing": "no answering",
        "blind": "pictures lost that the champion reads",
    }.items():
        with pytest.raises(RefusedError, match=f"version {name} is refused, 1.0 serves on: .*{row}"):
            checked(registry, name)


@pytest.mark.parametrize(
    ("line", "other", "row"),
    [
        ('"recognised": reading.recognised,', "", "keys missing in answers: recognised"),
        ('"probabilities": {', '"probabilities": [1.0], "shares": {', "probabilities that do not sum to 1: 41"),
        ("return encode_result(answers[0], served)", "return [7]", "a JSON object"),
    ],
)
def test_answers_of_another_form_are_refused_in_words(registry: Registry, line: str, other: str, row: str) -> None:
    code = (ROOT / QUERY).read_text()
    assert line in code
    registry.add(RELEASED, "other")
    replace_in_archive(registry, "other", {QUERY: code.replace(line, other)})
    with pytest.raises(RefusedError, match=f"version other is refused, 1.0 serves on: .*{row}"):
        checked(registry, "other")


def test_without_servers_a_change_is_done_at_once_and_told(registry: Registry) -> None:
    registry.add(RELEASED, "1.1", parent="1.0")
    done = change(registry, lambda: registry.promote("1.1", "ann"), lambda seconds: pytest.fail("nobody to wait for"))
    assert (done.deployment.champion, done.servers) == ("1.1", 0)
    text = list_text(listed(registry))
    assert "1.1      champion" in text
    assert "1.0      way back" in text
    assert "No server follows the registry now." in text
    json.dumps(listed(registry))
    assert "promote  1.1" in history_text(registry.history())
    with pytest.raises(RegistryError):
        change(registry, lambda: registry.promote("1.1", "ann"), lambda seconds: None)
