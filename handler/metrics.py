"""The handler's own metrics for Prometheus; metrics.yaml declares them, docs/metrics.md explains them.

A worker of TorchServe prints a line for each value, and the Java side reads it back: some 0.1 ms. So counters are added
up here and reported once a second, and histograms are filled from a sample: the first picture of a batch, for at most
`MAX_SAMPLES_PER_S` batches a second in each worker.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.preprocessing.images import GreyImage
from model.recogniser import Reading

FLUSH_S = 1.0
MAX_SAMPLES_PER_S = 5
REQUESTS, PREDICTIONS = "digit_requests_total", "digit_predictions_total"
COUNTERS = {REQUESTS: ("Kind", "Outcome"), PREDICTIONS: ("Digit", "Recognised")}
HISTOGRAMS = (
    "digit_batch_size",
    "digit_decode_milliseconds",
    "digit_preprocess_milliseconds",
    "digit_inference_milliseconds",
    "digit_confidence",
    "digit_doubt",
    "digit_ink_share",
    "digit_ink_aspect",
)


@dataclass(frozen=True)
class Sample:
    """One batch, measured by its first picture: uint8 (28, 28), 0 = paper, 255 = ink, and its reading."""

    pictures: int
    decode_s: float
    preprocess_s: float
    inference_s: float
    image: GreyImage
    reading: Reading


class Metric(Protocol):
    """A counter or histogram of a server."""

    def add_or_update(self, value: float, dimension_values: Sequence[str]) -> None:
        """Count or observe a value; the dimensions in the order in which they are declared."""


class Metrics:
    """Counts requests and predictions and samples batches, for one worker.

    Args:
        declared: the metrics that are reported, by name.
        model: the model's name.
    """

    def __init__(self, declared: Mapping[str, Metric], model: str) -> None:
        self._declared = declared
        self._model_dimensions = [model, "Model"]
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._next_sample = 0.0

    def count_request(self, kind: str, outcome: str) -> None:
        """Count one request; `kind` is what was asked for, `outcome` is `ok` or the type of its error."""
        with self._lock:
            self._counts[REQUESTS, kind, outcome] += 1

    def count_readings(self, readings: list[Reading]) -> None:
        """Count the digits that were read."""
        with self._lock:
            for reading in readings:
                self._counts[PREDICTIONS, reading.label, str(reading.recognised).lower()] += 1

    def wants_sample(self) -> bool:
        """Whether to sample this batch."""
        now = time.monotonic()
        if not self._declared or now < self._next_sample:
            return False
        self._next_sample = now + 1 / MAX_SAMPLES_PER_S
        return True

    def sample(self, sample: Sample) -> None:
        """Fill the histograms."""
        ink = sample.image
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        values = {
            "digit_batch_size": sample.pictures,
            "digit_decode_milliseconds": 1e3 * sample.decode_s,
            "digit_preprocess_milliseconds": 1e3 * sample.preprocess_s,
            "digit_inference_milliseconds": 1e3 * sample.inference_s,
            "digit_confidence": sample.reading.confidence,
            "digit_doubt": 1 - sample.reading.confidence,
            "digit_ink_share": float(ink.mean()) / 255,
            "digit_ink_aspect": float(np.ptp(columns) + 1) / float(np.ptp(rows) + 1),
        }
        for name, value in values.items():
            self._report(name, round(value, 6), [])

    def flush(self) -> None:
        """Report the counts since the last call."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for (name, *dimensions), count in counts.items():
            self._report(name, count, dimensions)

    def flush_regularly(self) -> None:
        """Report the counts once a second from now on, from a thread of its own."""

        def run() -> None:
            while True:
                time.sleep(FLUSH_S)
                self.flush()

        if self._declared:
            threading.Thread(target=run, name="metrics", daemon=True).start()

    def _report(self, name: str, value: float, dimensions: Sequence[str]) -> None:
        if name in self._declared:
            self._declared[name].add_or_update(value, [*dimensions, *self._model_dimensions])
