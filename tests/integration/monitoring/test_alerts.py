"""Prometheus's own tool reads deploy/prometheus, and each alert fires when it should and only then."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.locations import ROOT
from tests.integration.monitoring.conftest import program_of_prometheus

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
NAMES = [alert["alert"] for alert in ALERTS]
CHECKS = (["check", "config", "prometheus.yml"], ["check", "rules", "rules.yaml", "alerts.yaml"])
TEST = ["test", "rules", "tests.yaml"]


def promtool(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program_of_prometheus("promtool"), *arguments], cwd=folder, capture_output=True, text=True)


def with_expressions(folder: Path, **expressions: str) -> Path:
    """A copy of deploy/prometheus in which the alerts of these names have other expressions."""
    copy = folder / "prometheus"
    shutil.copytree(PROMETHEUS, copy)
    content = yaml.safe_load((copy / "alerts.yaml").read_text())
    for rule in (rule for group in content["groups"] for rule in group["rules"]):
        rule["expr"] = expressions.get(rule["alert"], rule["expr"])
    (copy / "alerts.yaml").write_text(yaml.safe_dump(content))
    return copy


def missed_and_wrong(output: str) -> tuple[set[str], set[str]]:
    """The alerts that did not fire in a case that wants them, and those that fired in one that does not."""
    missed, wrong = set(), set()
    for expected, got in re.findall(r"^ +exp: (.+)\n +got: (.+)$", output, re.MULTILINE):
        wanted, fired = (set(re.findall(r'alertname="(\w+)"', series)) for series in (expected, got))
        missed |= wanted - fired
        wrong |= fired - wanted
    return missed, wrong


@pytest.mark.parametrize("arguments", [*CHECKS, TEST], ids=" ".join)
def test_promtool_finds_nothing_wrong(arguments: list[str]) -> None:
    done = promtool(PROMETHEUS, arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [*CHECKS, TEST], ids=" ".join)
def test_an_expression_that_cannot_be_read_fails_each_check(tmp_path: Path, arguments: list[str]) -> None:
    folder = with_expressions(tmp_path, **{NAMES[0]: "sum(up{job="})
    assert promtool(folder, arguments).returncode != 0


def test_each_alert_that_never_fires_fails_a_case(tmp_path: Path) -> None:
    done = promtool(with_expressions(tmp_path, **dict.fromkeys(NAMES, "vector(0) > 1")), TEST)
    assert done.returncode != 0
    assert missed_and_wrong(done.stderr + done.stdout) == (set(NAMES), set())


def test_each_alert_that_always_fires_fails_a_case(tmp_path: Path) -> None:
    done = promtool(with_expressions(tmp_path, **dict.fromkeys(NAMES, "vector(1)")), TEST)
    assert done.returncode != 0
    assert missed_and_wrong(done.stderr + done.stdout) == (set(), set(NAMES))


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_alert_says_how_urgent_it_is_and_leads_to_its_section(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    path, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert anchor == alert["alert"].lower()
    assert f"### {alert['alert']}\n" in (ROOT / path).read_text()


def test_each_section_is_that_of_an_alert() -> None:
    assert re.findall(r"^### (Digits\w+)$", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE) == NAMES
