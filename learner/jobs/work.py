"""Does one job, in a process of its own: `python -m learner.jobs.work one|many NUMBER ATTEMPT`."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import closing
from dataclasses import asdict

import torch

from learner.corrections import Corrections
from learner.full_training import train_anew
from learner.jobs.process import MANY, end_with_learner
from learner.jobs.queue import FAILED, PASSED, REFUSED, RUNNING, Job, LostError, Queue
from learner.lesson import Verdict, give_lesson
from learner.sets import prepared_sets
from learner.tables import SCHEMA
from learner.teaching.examples import MAX_EXAMPLES, Example
from learner.teaching.lesson import MOST_OF_ONE_KEY
from model.data.corrections import parse_stroke
from model.errors import InvalidImage, OperatorError
from model.locations import data_folder
from release.versions.changing import RefusedError, checked
from release.versions.database import Database, DatabaseError
from release.versions.locations import state_folder, store_folder
from release.versions.records import Version
from release.versions.registry import Registry

REPORT_INTERVAL_S = 0.5
GATE_SHARE = 0.9  # of the progress; then the checks of any version


def main(whose: str, number: int, attempt: int) -> None:
    """Do the job, if it is still this attempt's, and say in the database how it ended."""
    end_with_learner()
    most_of_one_key = MOST_OF_ONE_KEY if whose == MANY else 1.0
    torch.set_num_threads(1)  # the other cores serve
    with closing(Registry.open()) as registry, closing(Database(SCHEMA)) as database:
        queue = Queue(database)
        job = queue.get(number)
        if job is None or job.state != RUNNING or job.attempt != attempt:
            return
        try:
            Work(job, queue, Corrections(database), registry, most_of_one_key).do()
        except LostError:
            return
        except DatabaseError:
            raise  # the learner sees this process end, and says so when the database answers again
        except (OperatorError, InvalidImage, OSError) as error:
            queue.end(job, FAILED, str(error))


class Work:
    """One attempt at a job."""

    def __init__(
        self, job: Job, queue: Queue, corrections: Corrections, registry: Registry, most_of_one_key: float
    ) -> None:
        self._most_of_one_key = most_of_one_key
        self._job, self._queue, self._corrections, self._registry = job, queue, corrections, registry
        self._folder = state_folder() / "jobs" / str(job.number)
        self._told = ("", 0)

    def do(self) -> None:
        """From the corrections to a version that serves, waits for a person, or is refused.

        Raises:
            LostError: the job is not this attempt's any more.
            OperatorError, InvalidImage, OSError: it cannot be done.
        """
        champion = self._registry.version(self._registry.deployment().champion)
        try:
            verdict = self._learn(champion)
            told = _told(verdict)
            if not verdict.passed:
                self._queue.end(self._job, REFUSED, verdict.words, told)
                return
            version = self._added(verdict, champion)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._report(GATE_SHARE, "asked the pictures that every version must read")
        try:
            checked(self._registry, version.name)
        except RefusedError as error:
            self._queue.end(self._job, REFUSED, str(error), told, version.name)
            return
        if self._job.promotes:
            self._queue.promote(self._job, version.name, verdict.words, told)
        else:
            words = f"{verdict.words}; make promote VERSION={version.name} lets it serve"
            self._queue.end(self._job, PASSED, words, told, version.name)

    def _learn(self, champion: Version) -> Verdict:
        sets = prepared_sets(
            data_folder(), state_folder(), lambda count: self._report(0.0, "drawing what is rehearsed, once")
        )
        chosen = self._corrections.all()
        released = store_folder() / champion.name
        if self._job.is_full:
            return train_anew(released, chosen, self._folder, self._report, data=data_folder(), sets=sets)
        examples = [
            Example(kept.id, one.picture, one.label, tuple(parse_stroke(dict(s)) for s in one.strokes), kept.by)
            for kept, one in chosen[-MAX_EXAMPLES:]
        ]
        return give_lesson(
            released,
            examples,
            self._folder,
            self._job.number,
            self._report,
            sets=sets,
            most_of_one_key=self._most_of_one_key,
        )

    def _added(self, verdict: Verdict, champion: Version) -> Version:
        """The version of this attempt: what another attempt left is not its own."""
        name = f"{champion.name.partition('-')[0]}-{self._job.number}"
        if self._job.attempt > 1:
            name = f"{name}.{self._job.attempt}"
        corrections = {"corrections": verdict.taught, "held_back": verdict.held_back}
        return self._registry.add(verdict.folder, name, champion.name, corrections)

    def _report(self, progress: float, words: str) -> None:
        told = (words, int(time.monotonic() / REPORT_INTERVAL_S))
        if told != self._told:
            self._queue.report(self._job, GATE_SHARE * progress, words)
            self._told = told


def _told(verdict: Verdict) -> dict[str, object]:
    return {
        "words": verdict.words,
        "passed": verdict.passed,
        "right_before": verdict.right_before,
        "right_now": verdict.right_now,
        "taught": verdict.taught,
        "held_back": verdict.held_back,
        "rows": [asdict(finding) for finding in verdict.findings],
    }


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
