"""`/retrain` and `/jobs`: teachings asked for, watched and cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter, Depends, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from learner.jobs.queue import MAX_QUEUED, OVER, Job
from learner.service.guards import needed
from learner.service.parts import Parts
from learner.service.schemas import Asked, Retrain, ShownJob
from serving.gateway.keys import Key

LISTED = 50
POLL_INTERVAL_S = 0.5


def routes(parts: Parts) -> APIRouter:
    """The routes; all need the scope `teach`."""
    router = APIRouter(tags=["jobs"])
    queue = parts.queue
    may_teach = Depends(needed("teach"))

    @router.post("/retrain", status_code=202)
    def retrain(wanted: Retrain | None = None, key: Key = may_teach) -> Asked:
        """Teach the corrections to the champion; a gate judges what comes of it."""
        wanted = wanted or Retrain()
        if not parts.corrections.count():
            raise HTTPException(409, "there is nothing to learn from yet; send corrections to POST /corrections first")
        promotes = parts.promotes if wanted.promote is None else wanted.promote
        if promotes and not parts.promotes and "admin" not in key.scopes:
            raise HTTPException(403, f"the key {key.name!r} may teach, but not promote here; that needs admin")
        if (job := queue.ask(key.name, is_full=wanted.full, promotes=promotes)) is None:
            raise HTTPException(429, f"{MAX_QUEUED} jobs wait already; ask again later", {"Retry-After": "60"})
        return Asked(job=job.number)

    @router.get("/jobs", dependencies=[may_teach])
    def listed() -> Sequence[ShownJob]:
        """The newest jobs."""
        return [ShownJob.of(job) for job in queue.listed(LISTED)]

    @router.get("/jobs/{number}", dependencies=[may_teach])
    def show(number: int) -> ShownJob:
        """A job: how far it is, and the gate's verdict once there is one."""
        return ShownJob.of(_found(number, queue.get(number)))

    def known(number: int) -> None:
        _found(number, queue.get(number))  # before a stream begins: after that there is no status to answer with

    @router.get("/jobs/{number}/events", dependencies=[may_teach, Depends(known)], response_class=EventSourceResponse)
    async def events(number: int) -> AsyncIterator[ServerSentEvent]:
        """The job whenever something has changed, until it is over."""
        last = None
        while True:
            job = _found(number, await run_in_threadpool(queue.get, number))
            if job != last:
                yield ServerSentEvent(data=ShownJob.of(job), event="job")
                last = job
            if job.state in OVER:
                return
            await asyncio.sleep(POLL_INTERVAL_S)

    @router.delete("/jobs/{number}", dependencies=[may_teach])
    def cancel(number: int) -> ShownJob:
        """Cancel a job; one under way ends within seconds, one that is over stays as it is."""
        return ShownJob.of(_found(number, queue.cancel(number)))

    return router


def _found(number: int, job: Job | None) -> Job:
    if job is None:
        raise HTTPException(404, f"there is no job {number}; GET /jobs lists them")
    return job
