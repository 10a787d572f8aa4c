"""What Prometheus reads: counted in the database when it asks, so that no restart forgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from learner.service.parts import Parts


class LearnerCollector(Collector):
    """Corrections, jobs by their end, their seconds, the gate's failures by row, and the champion."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def describe(self) -> list[Metric]:
        """Nothing, so that no database is asked when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures now.

        Raises:
            DatabaseError: the database does not answer.
        """
        yield GaugeMetricFamily("learner_corrections", "Corrections kept.", self._parts.corrections.count())
        jobs = CounterMetricFamily("learner_jobs", "Jobs that are over.", labels=["end"])
        seconds = CounterMetricFamily("learner_job_seconds", "From asked to ended, summed up.", labels=["end"])
        failures = CounterMetricFamily("learner_gate_failures", "Rows of the gate not passed.", labels=["row"])
        ended = self._parts.queue.ended()
        for state in sorted({job.state for job in ended}):
            taken = [(job.ended - job.asked).total_seconds() for job in ended if job.state == state and job.ended]
            jobs.add_metric([state], len(taken))
            seconds.add_metric([state], sum(taken))
        rows = [row["name"] for job in ended for row in job.verdict.get("rows", []) if not row["passed"]]
        for name, count in Counter(rows).items():
            failures.add_metric([name], count)
        champion = GaugeMetricFamily("learner_champion", "1 for the version that serves.", labels=["version"])
        champion.add_metric([self._parts.registry.deployment().champion], 1)
        yield from (jobs, seconds, failures, champion)
