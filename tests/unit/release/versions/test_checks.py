"""Versions that must not be served are refused, each by the row that is about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.versions.offers import offer, replace_in_archive
from model.locations import RELEASED, ROOT
from release.archive import HANDLER
from release.versions.changing import RefusedError, change, checked
from release.versions.database import RegistryError
from release.versions.listing import findings_text, history_text, list_text, listed
from release.versions.registry import Registry
from release.versions.smoke_pictures import smoke_pictures

pytestmark = pytest.mark.slow

QUERY = "handler/protocols/query.py"
HALF_AN_ANSWER = """
import os
import time

answer_whole = DigitHandler.handle
asked = []


def stop_at_the_third(self, requests, context):
    asked.append(requests)
    if len(asked) == 3:
        for descriptor in map(int, os.listdir("/proc/self/fd")):
            try:
                os.write(descriptor, b'{"status": 200, ')
            except OSError:
                continue
        time.sleep(600)
    return answer_whole(self, requests, context)


DigitHandler.handle = stop_at_the_third
"""
PRINTING = """
import os

os.write(1, b"not an answer ")
print("nor is this")
"""


@pytest.fixture
def registry(state: Path) -> Iterator[Registry]:
    with closing(Registry.open()) as opened:
        yield opened


def test_the_released_network_passes_whatever_its_handler_prints(registry: Registry) -> None:
    registry.add(RELEASED, "printing")
    replace_in_archive(registry, "printing", {HANDLER.name: HANDLER.read_text() + PRINTING})
    findings = checked(registry, "printing")
    assert [finding.name for finding in findings if not finding.passed] == []
    [read] = [finding for finding in findings if finding.name.startswith("pictures")]
    assert read.value == f"0 of {len(smoke_pictures())}"
    assert "FAIL" not in findings_text(findings)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("broken", "this handler is broken"),
        ("slow", "time beside the champion's"),
        ("worse", "MNIST validation"),
        ("mismatched", "labels"),
    ],
)
def test_what_must_not_be_served_is_refused_by_the_row_about_it(registry: Registry, name: str, row: str) -> None:
    offer(registry, name)
    with pytest.raises(RefusedError, match=f"version {name} is refused, 1.0 serves on: .*{row}"):
        checked(registry, name)


@pytest.mark.parametrize(
    ("key", "value", "row"),
    [
        ("rejection", {"threshold": 1e9}, "pictures lost that the champion reads"),
        ("metrics", {"another set": {"accuracy": 1.0}}, "sets that both were measured on: 0, accepted: at least 1"),
    ],
)
def test_what_the_metadata_gives_away_is_refused(registry: Registry, key: str, value: dict[str, Any], row: str) -> None:
    metadata = json.loads((RELEASED / "mnist.json").read_text())
    metadata[key] = value if key == "metrics" else metadata[key] | value
    registry.add(RELEASED, "other")
    replace_in_archive(registry, "other", {"mnist.json": json.dumps(metadata)})
    with pytest.raises(RefusedError, match=f"version other is refused, 1.0 serves on: .*{row}"):
        checked(registry, "other")


def test_what_stops_in_the_middle_of_an_answer_is_not_waited_for(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.versions.checks.ANSWER_TIMEOUT_S", 3.0)
    registry.add(RELEASED, "other")
    replace_in_archive(registry, "other", {HANDLER.name: HANDLER.read_text() + HALF_AN_ANSWER})
    with pytest.raises(RefusedError, match="version other gave no answer within 3 s"):
        checked(registry, "other")


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
