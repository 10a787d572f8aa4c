"""The metrics of metrics.yaml for Prometheus, under the names and labels that TorchServe gives them."""

from __future__ import annotations

import socket
from collections import Counter as Counts
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Of every histogram, as TorchServe has them."""

HOST = ["Host"]
HOST_LABELS = {"hostname", "Hostname"}


disable_created_metrics()  # type: ignore[no-untyped-call]


class Counter(Collector):
    """A counter by any name: prometheus_client's own adds `_total` to it."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name, self._help, self._labels = name, help_text, labels
        self._values: Counts[tuple[str, ...]] = Counts()
        registry.register(self)

    def add(self, labels: tuple[str, ...], value: float) -> None:
        self._values[labels] += value  # type: ignore[assignment]

    def collect(self) -> Iterable[Metric]:
        # Of a counter the library renames the header; it leaves a metric of unknown type alone.
        metric = Metric(self._name, self._help, "unknown")
        for values, number in self._values.items():
            metric.add_sample(self._name, dict(zip(self._labels, values, strict=True)), number)
        yield metric


class Registry:
    """All metrics that a metrics file declares; what it does not declare is not kept.

    Args:
        path: the file, as TorchServe reads it.
        model, version: of the model.
    """

    def __init__(self, path: Path, model: str, version: str) -> None:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        self._registry = CollectorRegistry()
        self._served = [model, version]
        self._hostname = socket.gethostname()
        self._metrics: dict[str, Any] = {}
        for part in ("ts_metrics", "model_metrics"):
            for kind, entries in declared.get(part, {}).items():
                for entry in entries:
                    self._declare(kind, entry)

    def _declare(self, kind: str, entry: dict[str, Any]) -> None:
        name, labels = entry["name"], list(entry["dimensions"])
        if not HOST_LABELS.intersection(labels):
            labels.append("Hostname")  # as TorchServe does to the handler's
        help_text = f"Torchserve prometheus {kind} metric with unit: {entry['unit']}"
        if kind == "counter":
            self._metrics[name] = Counter(name, help_text, labels, self._registry)
        elif kind == "histogram":
            self._metrics[name] = Histogram(name, help_text, labels, registry=self._registry, buckets=BOUNDS)
        else:
            self._metrics[name] = Gauge(name, help_text, labels, registry=self._registry)

    def add(self, name: str, value: float, dimensions: Sequence[str]) -> None:
        """Add to a counter, observe by a histogram or set a gauge; dimensions without the host's name."""
        metric = self._metrics.get(name)
        labels = (*dimensions, self._hostname)
        if isinstance(metric, Counter):
            metric.add(labels, value)
        elif isinstance(metric, Histogram):
            metric.labels(*labels).observe(value)
        elif isinstance(metric, Gauge):
            metric.labels(*labels).set(value)

    def count_asked(self) -> None:
        """Count a request for the model, whatever becomes of it."""
        self.add("ts_inference_requests_total", 1, self._served)

    def count_answer(self, status: int) -> None:
        """Count an answer by its HTTP status."""
        classes = {2: "Requests2XX", 4: "Requests4XX", 5: "Requests5XX"}
        if status // 100 in classes:
            self.add(classes[status // 100], 1, HOST)

    def time_request(self, waited_s: float, total_s: float) -> None:
        """Time one request: how long it waited for a worker, and that with its worker's answer."""
        self.add("ts_queue_latency_microseconds", 1e6 * waited_s, self._served)
        self.add("ts_inference_latency_microseconds", 1e6 * total_s, self._served)
        self.add("QueueTime", 1e3 * waited_s, HOST)

    def time_batch(self, seconds: float) -> None:
        """Time one batch, from its handing over to its answers."""
        self.add("WorkerThreadTime", 1e3 * seconds, HOST)

    def time_load(self, worker: str, seconds: float) -> None:
        """Time that a worker took to be ready."""
        self.add("WorkerLoadTime", 1e3 * seconds, [worker, *HOST])

    def text(self) -> bytes:
        """All values in Prometheus' text format."""
        return generate_latest(self._registry)
