"""Jobs: one at a time, taken up again where the learner is gone, ended once."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy

from learner.jobs import queue as module
from learner.jobs.queue import CANCELLED, FAILED, PASSED, PROMOTED, QUEUED, REFUSED, RUNNING, Job, LostError, Queue
from learner.tables import SCHEMA, JobRow
from model.locations import RELEASED
from release.versions.database import Database
from release.versions.deployments import now
from release.versions.registry import Registry
from tests.threads import at_once


def asked(queue: Queue) -> Job:
    job = queue.ask("ann", is_full=False, promotes=True)
    assert job is not None
    return job


def claimed(queue: Queue) -> Job:
    job = queue.claim()
    assert job is not None
    return job


def state_of(queue: Queue, job: Job) -> str:
    found = queue.get(job.number)
    assert found is not None
    return found.state


def let_lease_run_out(queue: Queue) -> None:
    with queue._database.writing() as session:
        session.execute(sqlalchemy.update(JobRow).values(lease=now() - timedelta(seconds=1)))


def test_jobs_are_done_in_their_order_one_at_a_time(queue: Queue) -> None:
    first, second = asked(queue), asked(queue)
    assert first.state == QUEUED
    one = claimed(queue)
    assert (one.number, one.state, one.attempt) == (first.number, RUNNING, 1)
    assert queue.claim() is None
    queue.report(one, 0.5, "learning")
    found = queue.get(one.number)
    assert found is not None
    assert (found.progress, found.words) == (0.5, "learning")
    queue.end(one, REFUSED, "worse", {"rows": []}, "1.0-1")
    assert claimed(queue).number == second.number
    assert [job.number for job in queue.listed(5)] == [second.number, first.number]
    [ended] = queue.ended()
    assert (ended.state, ended.words, ended.version, ended.progress) == (REFUSED, "worse", "1.0-1", 1.0)
    assert ended.ended is not None


def test_of_many_learners_one_gets_a_job(database: str, queue: Queue) -> None:
    asked(queue)
    got: list[Job] = []

    def claim() -> None:
        with closing(Database(SCHEMA)) as opened:
            if (job := Queue(opened).claim()) is not None:
                got.append(job)

    assert at_once(6, claim) == []
    assert len(got) == 1


def test_a_job_whose_learner_is_gone_is_taken_up_again_and_not_for_ever(queue: Queue) -> None:
    job = asked(queue)
    lost = claimed(queue)
    queue.renew(lost)
    assert queue.claim() is None
    for attempt in (2, 3):
        let_lease_run_out(queue)
        assert claimed(queue).attempt == attempt
    for act in (queue.renew, lambda old: queue.report(old, 0.9, ""), lambda old: queue.end(old, PASSED, "")):
        with pytest.raises(LostError):
            act(lost)
    let_lease_run_out(queue)
    assert queue.claim() is None
    found = queue.get(job.number)
    assert found is not None
    assert (found.state, found.words) == (FAILED, "it was begun 3 times, and each time learner or job was killed")


def test_a_job_is_cancelled_at_once_where_it_waits_and_by_its_learner_where_it_runs(queue: Queue) -> None:
    running, waiting = asked(queue), asked(queue)
    own = claimed(queue)
    assert queue.cancel(99) is None
    queue.cancel(waiting.number)
    queue.cancel(running.number)
    assert (state_of(queue, waiting), state_of(queue, running)) == (CANCELLED, RUNNING)
    with pytest.raises(LostError):
        queue.renew(own)
    let_lease_run_out(queue)  # and its learner died before it could say so
    assert queue.claim() is None
    assert state_of(queue, running) == CANCELLED
    assert queue.cancel(running.number) is not None


def test_a_learner_that_stops_gives_its_job_back(queue: Queue) -> None:
    asked(queue)
    queue.release(claimed(queue))
    assert claimed(queue).attempt == 1


def test_only_so_many_jobs_wait(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 2)
    asked(queue), asked(queue)
    assert queue.ask("ann", is_full=False, promotes=False) is None


def test_a_version_is_promoted_with_the_end_of_its_job_or_not_at_all(database: str, queue: Queue) -> None:
    with closing(Registry.open()) as registry:
        registry.add(RELEASED, "1.0-1", "1.0")
        asked(queue)
        lost = claimed(queue)
        let_lease_run_out(queue)
        own = claimed(queue)
        with pytest.raises(LostError):
            queue.promote(lost, "1.0-1", "taught", {})
        assert registry.deployment().champion == "1.0"
        queue.promote(own, "1.0-1", "taught", {"passed": True})
        assert registry.deployment().champion == "1.0-1"
        assert registry.history(1)[0].by == f"job {own.number} of ann"
        found = queue.get(own.number)
        assert found is not None
        assert (found.state, found.version, found.verdict) == (PROMOTED, "1.0-1", {"passed": True})
