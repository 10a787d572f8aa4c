"""Makes workers report the time of a batch only where `metrics.yaml` declares that metric.

Fixes: a worker prints `PredictionTime` for each batch, declared or not, which wakes the Java side to read the line.
Upstream: no issue found.
Without it: the same answers, more slowly.
Test: tests/unit/handler/torchserve_patches/test_batch_time.py.
"""

from typing import Any

from ts.metrics.metric_cache_errors import MetricsCacheKeyError
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl
from ts.metrics.metric_type_enum import MetricTypes

_add_time = MetricsCacheYamlImpl.add_time


def report_only_declared_times() -> None:
    """Let `add_time` do nothing for a metric that is not declared."""
    MetricsCacheYamlImpl.add_time = _add_declared_time


def _add_declared_time(cache: Any, name: str, *values: Any, **options: Any) -> None:
    try:
        cache.get_metric(name, MetricTypes.GAUGE)
    except MetricsCacheKeyError:
        return
    _add_time(cache, name, *values, **options)
