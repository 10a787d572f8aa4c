"""The worker's metrics, in TorchServe's own cache of a metrics file."""

from pathlib import Path

import pytest
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl

from handler.metrics import Metrics
from handler.torchserve_metrics import declared_in
from serving.settings import METRICS_CONFIG_FILE

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def cache_of(config: Path) -> MetricsCacheYamlImpl:
    cache = MetricsCacheYamlImpl(config_file_path=str(config))
    cache.initialize_cache()
    return cache


def test_our_metrics_file_declares_every_metric(caplog: pytest.LogCaptureFixture) -> None:
    Metrics(declared_in(cache_of(METRICS_CONFIG_FILE)), "mnist")
    assert caplog.messages == []


def test_a_metric_that_is_not_declared_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = tmp_path / "metrics.yaml"
    config.write_text(METRICS_CONFIG_FILE.read_text(encoding="utf-8").replace("digit_doubt", "digit_uncertainty"))
    metrics = Metrics(declared_in(cache_of(config)), "mnist")
    metrics.count_request("predict", "ok")
    metrics.flush()
    assert caplog.messages == ["not reported, because the metrics' file does not declare them: digit_doubt"]


def test_without_a_cache_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics(declared_in(None), "mnist")
    assert not metrics.wants_sample()
    assert caplog.messages == []
