"""The requests that wait and the workers that take them; the workers here are connections of the test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from serving.settings import METRICS_CONFIG_FILE
from serving.starlette_engine.archive import ServedArchive
from serving.starlette_engine.log import LogFiles
from serving.starlette_engine.metrics import Registry
from serving.starlette_engine.worker import LENGTH_BYTES, packed
from serving.starlette_engine.workers import Answered, Asked, QueueFullError, WorkerDiedError, Workers, received

NO_PROCESS = 2**22 + 1
"""Above the highest process id of Linux: whoever is killed for it does not exist."""


class Worker:
    """A connection that answers as the test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def batch(self) -> list[Asked]:
        requests: list[Asked] = await received(self.reader)
        return requests

    def answer(self, batch: list[Asked], metrics: Any = (), log: Any = ()) -> None:
        """Answer each request with its own id."""
        answers: list[Answered] = [(200, "OK", "text/plain", {}, request_id) for _, _, request_id in batch]
        self.writer.write(packed({"answers": answers, "metrics": metrics, "log": log}))


class Setting:
    """Workers with a queue of three and batches of two."""

    def __init__(self, folder: Path) -> None:
        archive = ServedArchive(folder, "1.0", {}, workers=2, batch_size=2, queue_size=3, response_timeout_s=0.2)
        self.metrics = Registry(METRICS_CONFIG_FILE, "mnist", "1.0")
        self.log_file = folder / "model_log.log"
        self.log = LogFiles(folder)
        self.workers = Workers(archive, self.metrics, self.log)
        self.address = folder / "workers.sock"
        self.connections: list[Worker] = []

    async def connect(self, pid: int | None = None) -> Worker:
        """A worker that says it is this process; none at all where none is named."""
        worker = Worker(*await asyncio.open_unix_connection(self.address))
        worker.writer.write(packed({"pid": pid or NO_PROCESS + len(self.connections), "load_s": 0.5}))
        self.connections.append(worker)
        return worker

    def ask(self, request_id: str) -> asyncio.Task[Any]:
        return asyncio.create_task(self.workers.ask(({}, {}, request_id)))


def run(folder: Path, test: Callable[[Setting], Awaitable[None]]) -> None:
    async def with_setting() -> None:
        setting = Setting(folder)
        async with await setting.workers.listen(setting.address):
            await test(setting)
            for connection in setting.connections:
                connection.writer.close()
                await connection.writer.wait_closed()
            while setting.workers.connected:
                await asyncio.sleep(0.01)
        setting.log.close()

    with ThreadPoolExecutor(1) as thread:  # the browser's tests leave an event loop running in this one
        thread.submit(asyncio.run, asyncio.wait_for(with_setting(), 20)).result()


def test_what_waits_is_handed_out_in_its_order_up_to_a_batch_at_once(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        asked = [setting.ask(name) for name in "abc"]
        worker = await setting.connect()
        first = await worker.batch()
        assert [name for _, _, name in first] == ["a", "b"]
        worker.answer(first)
        second = await worker.batch()
        assert [name for _, _, name in second] == ["c"]
        worker.answer(second)
        assert [(await one)[4] for one in asked] == ["a", "b", "c"]

    run(tmp_path, test)


def test_requests_over_the_queues_length_are_refused_at_once(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        waiting = [setting.ask(name) for name in "abc"]
        await asyncio.sleep(0)
        assert setting.workers.pending == 3
        with pytest.raises(QueueFullError):
            await setting.ask("d")
        worker = await setting.connect()
        for _ in range(2):
            worker.answer(await worker.batch())
        assert len([await one for one in waiting]) == 3

    run(tmp_path, test)


def test_what_a_dead_worker_held_goes_to_another_once_before_all_else(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        asked = [setting.ask(name) for name in "abc"]
        for expected in (["a", "b"], ["a", "b"], ["c"]):
            worker = await setting.connect()
            batch = await worker.batch()
            assert [name for _, _, name in batch] == expected
            if expected != ["c"]:
                worker.writer.close()
        worker.answer(batch)
        for lost in asked[:2]:
            with pytest.raises(WorkerDiedError):
                await lost
        assert (await asked[2])[4] == "c"
        assert list(setting.workers.connected) == [NO_PROCESS + 2]

    run(tmp_path, test)


def test_an_idle_worker_that_ends_is_given_nothing(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        (await setting.connect()).writer.close()
        worker = await setting.connect()
        while list(setting.workers.connected) != [NO_PROCESS + 1]:
            await asyncio.sleep(0.01)
        asked = setting.ask("a")
        worker.answer(await worker.batch())
        assert (await asked)[4] == "a"

    run(tmp_path, test)


def test_a_worker_that_takes_too_long_is_killed_and_its_request_not_tried_again(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        stuck = await asyncio.create_subprocess_exec("sleep", "60")
        worker = await setting.connect(stuck.pid)
        asked = setting.ask("a")
        await worker.batch()
        assert await stuck.wait() == -9
        worker.writer.close()  # as the system does for a dead process
        with pytest.raises(WorkerDiedError):
            await asked
        assert setting.workers.pending == 0

    run(tmp_path, test)


def test_a_client_that_has_gone_is_not_answered(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        gone, stays = setting.ask("a"), setting.ask("b")
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        worker = await setting.connect()
        batch = await worker.batch()
        assert [name for _, _, name in batch] == ["b"]
        worker.answer(batch)
        assert (await stays)[4] == "b"

    run(tmp_path, test)


def test_what_workers_count_and_log_is_kept(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        worker = await setting.connect()
        asked = setting.ask("a")
        counted = ("digit_requests_total", 2, ["prediction", "ok", "mnist", "Model"])
        batch = await worker.batch()
        worker.answer(batch, metrics=[counted], log=[(30, "first\nforged\x1b[31m"), (30, "x" * 5000)])
        await asked
        text = setting.metrics.text().decode()
        assert 'digit_requests_total{Hostname="' in text and 'Kind="prediction",Level="Model"' in text
        lines = setting.log_file.read_text().splitlines()
        assert [line.partition(" - ")[2] for line in lines] == ["first", "forged\\x1b[31m", "x" * 1000]

    run(tmp_path, test)


def test_why_an_archive_cannot_be_loaded_is_logged(tmp_path: Path) -> None:
    async def test(setting: Setting) -> None:
        _, writer = await asyncio.open_unix_connection(setting.address)
        writer.write(packed({"failed": "Traceback (most recent call last):\nValueError: broken"}))
        while not (setting.log_file.exists() and "broken" in setting.log_file.read_text()):
            await asyncio.sleep(0.01)
        assert not setting.workers.connected
        writer.close()
        await writer.wait_closed()

    run(tmp_path, test)


def test_messages_say_their_own_length() -> None:
    message = packed({"pid": os.getpid()})
    assert int.from_bytes(message[:LENGTH_BYTES], "big") == len(message) - LENGTH_BYTES
