"""How long it takes from a request to teach until the answer is another's, and what those notice who are served."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from numpy.random import default_rng

from benchmarks.load import ask
from benchmarks.teaching.learner_process import LearnerProcess, running_learner
from benchmarks.teaching.writers import Writer
from benchmarks.versions.clients import Asked, asking
from learner.jobs.queue import OVER
from learner.teaching.examples import Example
from model.errors import OperatorError
from serving.settings import SAMPLE

CORRECTIONS = 10
CLIENTS = 16
LABEL = "7"  # of the sample
LOAD_S = 15.0
SETTLE_S = 3.0
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class Round:
    """One writer's corrections, taught three times to the same champion.

    Attributes:
        writer: name.
        states: how the jobs ended.
        idle_s: from the request to the first answer of the new version; none where the gate refused.
        loaded_s: the same under `CLIENTS` clients without a pause.
        p99_ms: of `CLIENTS` connections, without and beside a teaching.
    """

    writer: str
    states: tuple[str, ...]
    idle_s: float | None
    loaded_s: float | None
    p99_ms: tuple[float, float]

    @property
    def slowdown(self) -> float:
        """Of the p99."""
        return self.p99_ms[1] / self.p99_ms[0]


def sent(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Corrections as the page sends them."""
    return [
        {
            "image": base64.b64encode(one.picture).decode(),
            "label": one.label,
            "strokes": [stroke.to_json() for stroke in one.strokes],
        }
        for one in examples
    ]


def measure_round(learner: LearnerProcess, url: str, writer: Writer, seed: int) -> Round:
    """Teach ten of a writer's digits: idle, under load, and beside wrk.

    Args:
        learner: it has no corrections, and promotes what passes.
        url: of predictions, of a server that follows the same registry.
        writer: whose digits.
        seed: which of them.

    Raises:
        OperatorError: a request is refused.
    """
    chosen = default_rng(seed).permutation(len(writer.digits))[:CORRECTIONS]
    learner.correct(sent([writer.digits[i] for i in chosen]))
    idle_s, idle = _to_the_answer(learner, url)
    with asking(url, CLIENTS, SAMPLE.read_bytes(), LABEL) as asked:
        loaded_s, loaded = _to_the_answer(learner, url)
    if asked.lost:
        raise OperatorError(f"requests were lost while a version was taught: {dict(asked.lost)}")
    without = ask(url, SAMPLE, CLIENTS, LOAD_S)["p99_ms"]
    job = learner.teach()
    learner.until(job, lambda found: found["progress"] > 0)
    beside = ask(url, SAMPLE, CLIENTS, LOAD_S)["p99_ms"]
    third = learner.end_of(job)
    _forget(learner, third)
    learner.ask("DELETE", "/corrections")
    return Round(writer.name, (idle, loaded, third["state"]), idle_s, loaded_s, (without, beside))


def _to_the_answer(learner: LearnerProcess, url: str) -> tuple[float | None, str]:
    """Teach, and take it back; returns the seconds from the request to the answer, and how the job ended."""
    started = time.monotonic()
    ended = learner.end_of(learner.teach())
    if ended["state"] != "promoted":
        return None, ended["state"]
    while _version(url) != ended["version"]:
        time.sleep(POLL_INTERVAL_S)
    seconds = time.monotonic() - started
    _forget(learner, ended)
    return seconds, ended["state"]


def _version(url: str) -> str:
    return str(requests.post(url, data=SAMPLE.read_bytes(), timeout=60).json()["version"])


def _forget(learner: LearnerProcess, ended: dict[str, Any]) -> None:
    if ended["state"] == "promoted":
        learner.ask("POST", "/rollback")
        time.sleep(SETTLE_S)


@dataclass(frozen=True)
class Kills:
    """What killing a learner again and again left.

    Attributes:
        kills: how many.
        accepted, kept: corrections.
        jobs: how they ended.
        stuck: of them not over.
        asked: what clients saw meanwhile.
    """

    kills: int
    accepted: int
    kept: int
    jobs: Sequence[str]
    stuck: int
    asked: Asked


def kill_at_random(state: Path, url: str, examples: Sequence[Example], kills: int, longest_s: float) -> Kills:
    """Kill a learner at random moments of correction, job and promotion, and start it again.

    Args:
        state: its folder, with the sets of `learner.sets`.
        url: of predictions, of a server that follows the same registry.
        examples: to be sent, one after another.
        kills: how often.
        longest_s: a moment lies so far from the start at most.
    """
    rng = default_rng(kills)
    accepted: set[str] = set()
    remaining = iter(sent(examples))
    with asking(url, 1, SAMPLE.read_bytes(), LABEL) as asked:
        for _ in range(kills):
            with running_learner(state) as learner:
                accepted.update(learner.correct([next(remaining) for _ in range(3)]))
                if all(job["state"] in OVER for job in learner.ask("GET", "/jobs").json()):
                    learner.teach()
                until = time.monotonic() + rng.uniform(0, longest_s)
                while time.monotonic() < until:
                    if (one := next(remaining, None)) is not None:
                        accepted.update(learner.correct([one]))
                    time.sleep(rng.uniform(0, 2))
                learner.kill()
        with running_learner(state) as learner:
            jobs = [learner.end_of(job["job"]) for job in learner.ask("GET", "/jobs").json()]
            kept = {one["id"] for one in learner.ask("GET", "/corrections?limit=1000").json()["corrections"]}
            after = learner.end_of(learner.teach())  # nothing stands in the way of the next one
    states = [job["state"] for job in [*jobs, after]]
    return Kills(kills, len(accepted), len(accepted & kept), states, sum(s not in OVER for s in states), asked)
