"""Finds the handler's metrics in what TorchServe read from its metrics file."""

import logging
from typing import Any

from ts.metrics.metric_cache_errors import MetricsCacheKeyError
from ts.metrics.metric_type_enum import MetricTypes

from handler.metrics import COUNTERS, HISTOGRAMS, Metric

logger = logging.getLogger(__name__)


def declared_in(cache: Any) -> dict[str, Metric]:
    """The handler's metrics that `cache`, TorchServe's, declares, by name; warns once of those that are missing.

    `cache` is None where TorchServe runs without a metrics file.
    """
    if cache is None:
        return {}
    kinds = dict.fromkeys(COUNTERS, MetricTypes.COUNTER) | dict.fromkeys(HISTOGRAMS, MetricTypes.HISTOGRAM)
    declared, missing = {}, []
    for name, kind in kinds.items():
        try:
            declared[name] = cache.get_metric(name, kind)
        except MetricsCacheKeyError:
            missing.append(name)
    if missing:
        logger.warning("not reported, because the metrics' file does not declare them: %s", ", ".join(missing))
    return declared
