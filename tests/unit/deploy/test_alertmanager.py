"""Who is told of which alert, what follows from another is not sent, and Prometheus sends alerts there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deploy.composition import ALERTMANAGER, FOLDER

TEXT = ALERTMANAGER.read_text(encoding="utf-8")
CONFIG: dict[str, Any] = yaml.safe_load(TEXT)
PROMETHEUS = FOLDER / "prometheus"
RECEIVERS = {"critical": "now", "warning": "today"}
URL_FILE_SINCE = (0, 26)
"""The version of Alertmanager that first reads a webhook's address from a file."""


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts of Prometheus by their names."""
    groups = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.fixture(scope="session")
def amtool() -> str:
    found = shutil.which("amtool")
    if found is None:
        assert not os.environ.get("REQUIRE_ALERTMANAGER"), "no amtool on this machine"
        pytest.skip("no amtool: apt install prometheus-alertmanager")
    return found


def run(amtool: str, folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run amtool on a configuration; an older one is given an address instead of a file with one."""
    version = re.search(r"version (\d+)\.(\d+)", subprocess.check_output([amtool, "--version"], text=True))
    assert version
    if (int(version[1]), int(version[2])) < URL_FILE_SINCE:
        text = re.sub(r"url_file: [^,}\s]+", "url: http://127.0.0.1:1/", text)
    file = folder / "alertmanager.yaml"
    file.write_text(text)
    options = ["--config.file", str(file)] if arguments[0] == "config" else [str(file)]
    return subprocess.run([amtool, *arguments, *options], capture_output=True, text=True)


def receiver(amtool: str, folder: Path, *labels: str) -> str:
    result = run(amtool, folder, TEXT, "config", "routes", "test", *labels)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_alertmanager_can_use_it(amtool: str, tmp_path: Path) -> None:
    result = run(amtool, tmp_path, TEXT, "check-config")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("text", "wrong", "problem"),
    [
        ("receiver: now", "receiver: soon", "undefined receiver"),
        ("max_alerts", "most_alerts", "most_alerts"),
        ("group_wait: 5s", "group_wait: five", "five"),
        ("""['severity="critical"']""", """['severity=="critical"']""", "matcher"),
    ],
)
def test_a_mistake_is_an_error(text: str, wrong: str, problem: str, amtool: str, tmp_path: Path) -> None:
    assert text in TEXT
    result = run(amtool, tmp_path, TEXT.replace(text, wrong), "check-config")
    assert result.returncode != 0 and problem in result.stdout + result.stderr


def test_each_alert_reaches_whom_its_severity_is_for(amtool: str, tmp_path: Path) -> None:
    for name, alert in alerts().items():
        severity = alert["labels"]["severity"]
        assert receiver(amtool, tmp_path, f"alertname={name}", f"severity={severity}") == RECEIVERS[severity], name
    assert receiver(amtool, tmp_path, "alertname=Other") == "today"


def inhibitions() -> list[tuple[set[str], set[str], list[str]]]:
    """The alerts that keep others from being sent, those others, and the labels that must be the same."""
    found = []
    for rule in CONFIG["inhibit_rules"]:
        [source], [target] = rule["source_matchers"], rule["target_matchers"]
        names = [set(re.sub(r'^alertname=~?"(.+)"$', r"\1", matcher).split("|")) for matcher in (source, target)]
        found.append((*names, rule.get("equal", [])))
    return found


def test_only_alerts_that_there_are_keep_others_back() -> None:
    for sources, targets, _ in inhibitions():
        assert sources | targets <= set(alerts())
        assert not sources & targets


def test_no_alert_for_now_is_kept_back_by_one_for_today() -> None:
    severity = {name: alert["labels"]["severity"] for name, alert in alerts().items()}
    for sources, targets, _ in inhibitions():
        for_now = {name for name in targets if severity[name] == "critical"}
        assert not for_now or {severity[name] for name in sources} == {"critical"}


def test_a_node_without_a_ready_worker_explains_slowness_and_its_own_queue_alone() -> None:
    kept_back = {
        name: equal for sources, targets, equal in inhibitions() if "DigitsNoReadyWorker" in sources for name in targets
    }
    assert kept_back == {"DigitsSlow": [], "DigitsNodeFails": ["instance"], "DigitsQueueLong": ["instance"]}


@pytest.mark.parametrize("file", ["prometheus.yml", "prometheus.compose.yml"])
def test_prometheus_sends_alerts_and_knows_the_same_jobs(file: str) -> None:
    own = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((PROMETHEUS / file).read_text(encoding="utf-8"))
    [alertmanager] = config["alerting"]["alertmanagers"]
    [target] = alertmanager["static_configs"][0]["targets"]
    assert target.endswith(":9093")
    assert [job["job_name"] for job in config["scrape_configs"]] == [job["job_name"] for job in own["scrape_configs"]]
    assert (config["global"], config["rule_files"]) == (own["global"], own["rule_files"])


def test_promtool_can_use_what_compose_starts_prometheus_with() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool: apt install prometheus")
    file = PROMETHEUS / "prometheus.compose.yml"
    result = subprocess.run([promtool, "check", "config", str(file)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
