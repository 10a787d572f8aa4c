"""What Prometheus gets to see of the gateway, and what it does not."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.faults.gateway_process import GatewayProcess
from tests.conftest import Service
from tests.drawing import draw_digit, encoded
from tests.integration.gateway.conftest import GatewayStarter, session_of

SEVEN = encoded(draw_digit(7))
TIMEOUT_S = 20


def statistic(gateway: GatewayProcess, name: str, label: str = "") -> int:
    """A counter or gauge of Envoy, of the series whose labels are this one only."""
    text = requests.get(gateway.metrics_url, timeout=TIMEOUT_S).text
    [value] = re.findall(rf"^{name}\{{{re.escape(label)}\}} (\d+)$", text, re.MULTILINE)
    return int(value)


def test_the_port_for_prometheus_gives_statistics_and_nothing_else_of_the_administration(
    node_gateway: GatewayProcess,
) -> None:
    key, url = node_gateway.keys.read()[0].secret, node_gateway.metrics_url
    answer = session_of(node_gateway, key).post(node_gateway.predictions_url, data=SEVEN, timeout=TIMEOUT_S)
    assert answer.status_code == 200 and key not in requests.get(url, timeout=TIMEOUT_S).text
    assert statistic(node_gateway, "envoy_cluster_membership_healthy", 'envoy_cluster_name="nodes"') == 1
    assert statistic(node_gateway, "envoy_server_days_until_first_cert_expiring") in (396, 397)
    for path in ("/", "/config_dump", "/stats", "/clusters", "/quitquitquit"):
        for ask in (requests.get, requests.post):
            assert ask(url.removesuffix("/metrics") + path, timeout=TIMEOUT_S).status_code == 404
    assert requests.post(url, timeout=TIMEOUT_S).status_code == 404


def test_requests_that_are_turned_away_are_counted_by_the_limit_that_they_met(
    service: Service, start_gateway: GatewayStarter
) -> None:
    limits = ("--requests-per-node=1", "--requests-per-s=5", "--anonymous=yes")
    with start_gateway(f"--node={service.api_url}", *limits) as gateway:

        def status(_: int) -> int:
            return session_of(gateway).post(gateway.predictions_url, data=SEVEN, timeout=TIMEOUT_S).status_code

        with ThreadPoolExecutor(30) as pool:
            statuses = Counter(pool.map(status, range(120)))
        assert set(statuses) == {200, 429, 503}
        clients = 'envoy_local_http_ratelimit_prefix="clients"'
        assert statistic(gateway, "envoy_http_local_rate_limit_rate_limited", clients) == statuses[429]
        nodes = 'envoy_cluster_name="nodes"'
        assert statistic(gateway, "envoy_cluster_upstream_rq_active_overflow", nodes) == statuses[503]
