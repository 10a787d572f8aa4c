"""Nothing is lost, stuck or done twice, whoever is killed meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import requests
from numpy.random import default_rng

from benchmarks.postgres import find_programs, running_postgres
from benchmarks.teaching.learner_process import running_learner
from learner.jobs.queue import CANCELLED, OVER, PROMOTED, QUEUED, RUNNING
from tests.small_sets import zeros

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KILLS = 3


def test_a_learner_killed_at_random_loses_no_correction_and_leaves_no_job(learner_state: Path) -> None:
    rng = default_rng(20)
    kept: list[str] = []
    sent = iter(zeros(0, 40))
    job = None
    for _ in range(KILLS):
        with running_learner(learner_state) as learner:
            kept += learner.correct([next(sent) for _ in range(4)])
            job = job or learner.teach()
            time.sleep(rng.uniform(0, 4))
            kept += learner.correct([next(sent)])
            learner.kill()
    with running_learner(learner_state) as learner:
        assert job is not None
        ended = learner.end_of(job)
        assert ended["state"] in OVER
        listed = learner.ask("GET", "/corrections?limit=1000").json()
        assert {one["id"] for one in listed["corrections"]} == set(kept)
        champion = learner.ask("GET", "/versions").json()["deployment"]["champion"]
        assert champion == (ended["version"] if ended["state"] == PROMOTED else "1.0")
        learner.until(learner.teach(), lambda found: found["state"] == RUNNING)  # nothing stands in its way


def test_a_job_is_cancelled_within_seconds_and_a_learner_that_stops_gives_it_back(learner_state: Path) -> None:
    with running_learner(learner_state) as learner:
        learner.correct(list(zeros(0, 12)))
        first, second = learner.teach(), learner.teach()
        learner.until(first, lambda job: job["state"] == RUNNING)
        learner.ask("DELETE", f"/jobs/{first}")
        assert learner.end_of(first)["state"] == CANCELLED
        assert learner.until(second, lambda job: job["state"] != QUEUED)["attempt"] == 1
    with running_learner(learner_state) as learner:
        again = learner.until(second, lambda job: job["state"] != QUEUED)
        assert (again["state"], again["attempt"]) == (RUNNING, 1)  # what was given back does not count


def test_a_database_that_stops_is_told_and_nothing_that_was_accepted_is_lost(learner_state: Path) -> None:
    if (programs := find_programs()) is None:
        assert not os.environ.get("REQUIRE_POSTGRES"), "no PostgreSQL on this machine"
        pytest.skip("PostgreSQL is not installed; on Debian: apt install postgresql")
    sent = iter(zeros(0, 20))
    with running_postgres(programs) as postgres, running_learner(learner_state, database=postgres.url) as learner:
        kept = learner.correct([next(sent), next(sent)])
        job = learner.teach()
        learner.until(job, lambda found: found["state"] == RUNNING)
        postgres.stop()
        try:
            refused = learner.ask("POST", "/corrections", [next(sent)])
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            assert requests.get(f"{learner.url}/health/ready", timeout=20).status_code == 503
        finally:
            postgres.start()
        kept += learner.correct([next(sent)])
        listed = learner.ask("GET", "/corrections").json()
        assert {one["id"] for one in listed["corrections"]} == set(kept)
        learner.ask("DELETE", f"/jobs/{job}")
        assert learner.end_of(job)["state"] in OVER
