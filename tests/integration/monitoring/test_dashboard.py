"""A real Prometheus scrapes a node and a gateway under load by our configuration, and answers what is asked of it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator

import pytest
import requests
import yaml
from PIL import Image

from benchmarks.faults.gateway_process import GatewayProcess, running_gateway
from model.locations import ROOT
from scripts.grafana import DASHBOARD, PANELS, dashboard_json
from serving.settings import LOOPBACK, METRICS_CONFIG_FILE
from tests.conftest import Service
from tests.drawing import draw, draw_digit, encoded
from tests.integration.monitoring.conftest import Prometheus, running_prometheus
from tests.waiting import TIMEOUT_S

DEPLOY = ROOT / "deploy"
SCRIBBLE = [[(x / 12, 0.9 * (x % 2)) for x in range(13)], [(0.9 * (y % 2), y / 12) for y in range(13)]]
BLANK = Image.new("L", (40, 40), 255)
PICTURES = [*(encoded(draw_digit(digit)) for digit in range(10)), encoded(draw(SCRIBBLE)), encoded(BLANK)]
QUERIES = [
    (panel["title"], target["expr"])
    for panel in json.loads(DASHBOARD.read_text())["panels"]
    for target in panel.get("targets", [])
]


def selectors(expression: str) -> set[str]:
    """The series that a PromQL expression asks for, each with its labels: `up{job="digits"}`."""
    without_labels_of_sums = re.sub(r"\bby \([^)]*\)", "", expression)
    found = re.findall(r"(?<![\w\[\".:])([a-zA-Z_][\w:]*)\b(?! *\()(\{[^}]*\})?", without_labels_of_sums)
    return {name + labels for name, labels in found if name not in ("or", "and", "unless")}


def broken(query: str) -> str:
    """The query with its first series misspelt."""
    first = min((name.partition("{")[0] for name in selectors(query)), key=query.index)
    return query.replace(first, first + "_wrong")


@pytest.fixture(scope="module")
def gateway(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway before the shared node, asked all the time."""
    is_over = threading.Event()
    with running_gateway(tmp_path_factory.mktemp("gateway"), f"--node={service.api_url}") as running:

        def ask() -> None:
            while not is_over.wait(0.02):
                for picture in PICTURES:
                    url, certificate = running.predictions_url, str(running.certificate)
                    requests.post(url, data=picture, verify=certificate, timeout=TIMEOUT_S)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield running
        finally:
            is_over.set()
            thread.join()


@pytest.fixture(scope="module")
def prometheus(
    service: Service, gateway: GatewayProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """By deploy/prometheus, with the addresses of this test, and a second in the place of all intervals."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    config["global"] = dict.fromkeys(config["global"], "1s")
    targets = {"digits": f"{LOOPBACK}:{service.ports.metrics}", "digits-gateway": gateway.metrics_url.split("/")[2]}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    for name in config["rule_files"]:
        rules = yaml.safe_load((DEPLOY / "prometheus" / name).read_text())
        for group in rules["groups"]:
            group["interval"] = "1s"
        (folder / name).write_text(yaml.safe_dump(rules))
    with running_prometheus(folder, config) as running:
        yield running


def unanswered(prometheus: Prometheus, queries: list[str]) -> list[str]:
    """Those that Prometheus has no number for."""
    return [query for query in queries if not prometheus.values(query)]


def wait_for_answers(prometheus: Prometheus, queries: list[str]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while queries := unanswered(prometheus, queries):
        assert time.monotonic() < deadline, queries
        time.sleep(0.1)


def test_every_query_of_the_dashboard_is_answered(prometheus: Prometheus) -> None:
    wait_for_answers(prometheus, [query for _, query in QUERIES])


def test_a_wrong_query_is_not_answered(prometheus: Prometheus) -> None:
    """Where the right one is."""
    wait_for_answers(prometheus, [query for _, query in QUERIES])
    queries = [broken(query) for _, query in QUERIES]
    assert unanswered(prometheus, queries) == queries
    assert unanswered(prometheus, ["sum(up", 'up{job="digit"}']) == ["sum(up", 'up{job="digit"}']


def test_rules_and_alerts_ask_for_series_that_exist(prometheus: Prometheus) -> None:
    files = [yaml.safe_load((DEPLOY / "prometheus" / name).read_text()) for name in ("rules.yaml", "alerts.yaml")]
    expressions = [rule["expr"] for file in files for group in file["groups"] for rule in group["rules"]]
    asked = sorted({series for expression in expressions for series in selectors(expression)})
    assert {'up{job="digits"}', "digits:refused:ratio1h"} <= set(asked)
    # A counter appears with its first event, and nothing fails here.
    asked.remove("Requests5XX")
    assert "{name: Requests5XX," in METRICS_CONFIG_FILE.read_text()
    wait_for_answers(prometheus, asked)


def test_no_alert_is_under_way_where_all_is_well(prometheus: Prometheus) -> None:
    """But for that of slow answers: this machine may be slow."""
    wait_for_answers(prometheus, ["digits:ink_share:mean1w"])
    assert prometheus.values('count by (alertname) (ALERTS{alertname!="DigitsSlow"})') == []


def test_the_dashboard_is_what_its_list_of_panels_makes() -> None:
    assert DASHBOARD.read_text() == dashboard_json(), "write it anew: make grafana"
    described = [panel["title"] for row in yaml.safe_load(PANELS.read_text()) for panel in row["panels"]]
    assert list(dict.fromkeys(title for title, _ in QUERIES)) == described


def test_grafana_is_told_of_one_prometheus_and_of_the_dashboard() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    [source] = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())["datasources"]
    [provider] = yaml.safe_load((provisioning / "dashboards" / "digits.yaml").read_text())["providers"]
    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    assert (provider["type"], provider["options"]) == ("file", {"path": "${DASHBOARDS}"})
