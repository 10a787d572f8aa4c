"""The requests that wait, and the workers that take them in batches."""

from __future__ import annotations

import asyncio
import pickle
import signal
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import kill
from pathlib import Path
from typing import Any

from model.artifacts import MODEL_NAME
from serving.starlette_engine.archive import ServedArchive
from serving.starlette_engine.log import LogFiles
from serving.starlette_engine.metrics import Registry
from serving.starlette_engine.worker import LENGTH_BYTES, packed

TRIES = 2
"""How many workers may die with a request in their hands before it is given up: it may be what killed them."""

Asked = tuple[dict[str, bytes], dict[str, str], str]
"""A request as the handler takes it: fields, headers, id."""

Answered = tuple[int, str, str, dict[str, str], "str | bytes"]
"""A response of the handler: status, its phrase, content type, headers, body."""


class QueueFullError(Exception):
    """So many requests wait that no more are taken."""


class WorkerDiedError(Exception):
    """The workers that had the request in their hands died, or took too long."""


@dataclass(eq=False)
class Job:
    """One request that waits for its answer."""

    request: Asked
    answer: asyncio.Future[Answered]
    arrived_at: float = field(default_factory=time.monotonic)
    tries: int = 0


@dataclass(eq=False)
class Worker:
    """A connected worker, and the batch that it holds."""

    number: int
    pid: int
    connection: asyncio.StreamWriter
    connected_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    held: Sequence[Job] = ()
    handed_at: float = 0.0
    timeout: asyncio.TimerHandle | None = None

    def kill(self) -> None:
        """End its process; what it holds is given back as its connection ends."""
        with suppress(ProcessLookupError):
            kill(self.pid, signal.SIGKILL)


class Workers:
    """Hands requests to whichever worker is free, a batch at once, and gives back the answers.

    Args:
        served: how large batches and the queue may be.
        metrics: where workers report to.
        log: of what workers say.

    Attributes:
        connected: all workers, by their process ids.
    """

    def __init__(self, served: ServedArchive, metrics: Registry, log: LogFiles) -> None:
        self._served, self._metrics, self._log = served, metrics, log
        self._waiting: deque[Job] = deque()
        self._free: deque[Worker] = deque()
        self._numbers = 0
        self.connected: dict[int, Worker] = {}

    @property
    def pending(self) -> int:
        """How many requests wait for a worker."""
        return len(self._waiting)

    async def listen(self, address: Path) -> asyncio.Server:
        """Let workers connect at a Unix socket."""
        return await asyncio.start_unix_server(self._serve, address)

    async def ask(self, request: Asked) -> Answered:
        """The answer to one request.

        Raises:
            QueueFullError, WorkerDiedError: there is none.
        """
        if self.pending >= self._served.queue_size:
            raise QueueFullError
        job = Job(request, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._hand_out()
        return await job.answer

    def kill_all(self) -> None:
        """End all workers."""
        for worker in self.connected.values():
            worker.kill()

    def _hand_out(self) -> None:
        """Give the free workers what waits, except for clients that have gone."""
        while self._free and self._waiting:
            batch: list[Job] = []
            while self._waiting and len(batch) < self._served.batch_size:
                job = self._waiting.popleft()
                if not job.answer.done():
                    batch.append(job)
            if batch:
                worker = self._free.popleft()
                worker.held, worker.handed_at = batch, time.monotonic()
                loop = asyncio.get_running_loop()
                worker.timeout = loop.call_later(self._served.response_timeout_s, self._give_up, worker)
                worker.connection.write(packed([job.request for job in batch]))

    def _give_up(self, worker: Worker) -> None:
        for job in worker.held:
            job.tries = TRIES
        worker.kill()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: a worker's, until it ends, or one that tells why there are none."""
        hello = await received(reader)
        if "failed" in hello:
            self._log.load_failure(hello["failed"])
            writer.close()
            return
        worker = Worker(self._numbers, hello["pid"], writer)
        self._numbers += 1
        self._metrics.time_load(f"W-{worker.number}-{MODEL_NAME}_{self._served.version}", hello["load_s"])
        self.connected[worker.pid] = worker
        try:
            while True:
                self._free.append(worker)
                self._hand_out()
                self._finish(worker, await received(reader))
        except (EOFError, ConnectionError):
            self._log.server.warning("worker %d (process %d) has ended", worker.number, worker.pid)
        finally:
            del self.connected[worker.pid]
            with suppress(ValueError):
                self._free.remove(worker)
            worker.kill()
            writer.close()
            self._take_back(worker)

    def _finish(self, worker: Worker, message: dict[str, Any]) -> None:
        now = time.monotonic()
        for job, answer in zip(worker.held, message["answers"], strict=True):
            if not job.answer.done():
                job.answer.set_result(answer)
            self._metrics.time_request(worker.handed_at - job.arrived_at, now - job.arrived_at)
        self._metrics.time_batch(now - worker.handed_at)
        for name, value, dimensions in message["metrics"]:
            self._metrics.add(name, value, dimensions)
        for level, text in message["log"]:
            for line in text.splitlines():
                self._log.model.log(level, "%s", line)
        self._release(worker)

    def _take_back(self, worker: Worker) -> None:
        """Let another worker try once what an ended one held."""
        for job in reversed(worker.held):
            job.tries += 1
            if job.tries < TRIES:
                self._waiting.appendleft(job)
            elif not job.answer.done():
                job.answer.set_exception(WorkerDiedError())
        self._release(worker)
        self._hand_out()

    def _release(self, worker: Worker) -> None:
        worker.held = ()
        if worker.timeout is not None:
            worker.timeout.cancel()


async def received(reader: asyncio.StreamReader) -> Any:
    """The next message of a worker.

    Raises:
        EOFError: its connection has ended.
    """
    length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
    return pickle.loads(await reader.readexactly(length))  # noqa: S301 - from our own process, see worker.py
