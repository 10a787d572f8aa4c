"""What Prometheus gets to see: exact counts, sampled times, and a real Prometheus that answers queries about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from benchmarks.faults.gateway_process import running_gateway
from handler.metrics import COUNTERS, HISTOGRAMS
from serving.settings import LOOPBACK, METRICS_CONFIG_FILE
from tests.drawing import draw_digit, encoded
from tests.integration.monitoring.conftest import Prometheus, running_prometheus
from tests.waiting import TIMEOUT_S, eventually

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

ROOT = Path(__file__).parents[3]


def values(service: Service, metric: str, **labels: str) -> float:
    """The sum of a metric over all series that have these labels."""
    text = requests.get(f"{service.metrics_url}/metrics", timeout=TIMEOUT_S).text
    found = re.findall(rf"^{metric}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(float(value) for series, value in found if all(label in series for label in wanted))


def ask(service: Service, body: bytes, times: int, path: str = "predictions") -> None:
    for _ in range(times):
        requests.post(f"{service.api_url}/{path}/mnist", data=body, timeout=TIMEOUT_S)


def test_requests_errors_and_digits_are_counted_exactly(start_service: ServiceStarter) -> None:
    """On a server of its own: a gateway of other tests asks the shared one for its health."""
    series: list[tuple[str, dict[str, str], int]] = [
        ("digit_requests_total", {"Kind": "prediction", "Outcome": "ok"}, 5),
        ("digit_requests_total", {"Kind": "explanation", "Outcome": "ok"}, 2),
        ("digit_requests_total", {"Outcome": "UnsupportedMediaType"}, 3),
        ("digit_requests_total", {"Outcome": "BadRequest"}, 1),
        ("digit_predictions_total", {"Digit": "3", "Recognised": "true"}, 7),
        ("Requests4XX", {}, 4),
    ]
    with start_service() as service:

        def counts() -> list[float]:
            return [values(service, metric, **labels) for metric, labels, _ in series]

        ask(service, encoded(draw_digit(3)), 5)
        ask(service, encoded(draw_digit(3)), 2, "explanations")
        ask(service, b"bad", 3)
        ask(service, b"{}", 1)
        eventually(lambda: counts() == [count for *_, count in series])


def test_a_gateways_health_checks_are_counted_as_probes_and_nowhere_else(
    start_service: ServiceStarter, tmp_path: Path
) -> None:
    with start_service() as service:

        def counted() -> list[float]:
            return [values(service, name) for name in ("digit_predictions_total", *(f"{h}_count" for h in HISTOGRAMS))]

        before = counted()
        with running_gateway(tmp_path / "gateway", f"--node={service.api_url}"):
            eventually(lambda: values(service, "digit_requests_total", Kind="probe", Outcome="ok") >= 2)
        assert counted() == before


def test_every_histogram_of_ours_is_filled(service: Service) -> None:
    before = {name: values(service, f"{name}_count") for name in HISTOGRAMS}
    ask(service, encoded(draw_digit(8)), 1)
    eventually(lambda: all(values(service, f"{name}_count") > before[name] for name in HISTOGRAMS))
    means = {name: values(service, f"{name}_sum") / values(service, f"{name}_count") for name in HISTOGRAMS}
    assert means["digit_batch_size"] >= 1
    assert means["digit_confidence"] + means["digit_doubt"] == pytest.approx(1, abs=1e-4)
    assert 0.02 < means["digit_ink_share"] < 0.4 and 0.1 < means["digit_ink_aspect"] < 3
    assert all(0 < means[name] < 1000 for name in HISTOGRAMS if name.endswith("milliseconds"))


def test_metrics_yaml_declares_and_the_prose_explains_what_the_handler_tells() -> None:
    declared = yaml.safe_load(METRICS_CONFIG_FILE.read_text())
    ours = declared["model_metrics"]
    names = {kind: {metric["name"]: metric["dimensions"] for metric in ours[kind]} for kind in ours}
    assert names["counter"] == {name: [*labels, "ModelName", "Level"] for name, labels in COUNTERS.items()}
    assert names["histogram"] == {name: ["ModelName", "Level"] for name in HISTOGRAMS}
    prose = (ROOT / "docs" / "metrics.md").read_text()
    for section in (ours, declared["ts_metrics"]):
        for metric in (metric for kind in section.values() for metric in kind):
            assert f"`{metric['name']}`" in prose


@pytest.fixture
def prometheus(service: Service, tmp_path: Path) -> Iterator[Prometheus]:
    """A real Prometheus that scrapes the server."""
    scraped = {"job_name": "digits", "static_configs": [{"targets": [f"{LOOPBACK}:{service.ports.metrics}"]}]}
    with running_prometheus(tmp_path, {"global": {"scrape_interval": "1s"}, "scrape_configs": [scraped]}) as running:
        yield running


def test_a_real_prometheus_scrapes_the_server_and_answers_queries(service: Service, prometheus: Prometheus) -> None:
    def is_positive(query: str) -> bool:
        return [value > 0 for value in prometheus.values(query)] == [True]

    ask(service, encoded(draw_digit(6)), 3)
    eventually(lambda: prometheus.values('up{job="digits"}') == [1])
    for query in (
        'sum(digit_predictions_total{Digit="6", Recognised="true"})',
        "sum(digit_confidence_sum) / sum(digit_confidence_count)",
        "histogram_quantile(0.9, sum by (le) (digit_preprocess_milliseconds_bucket))",
        "sum(ts_inference_requests_total)",
    ):
        eventually(partial(is_positive, query))
