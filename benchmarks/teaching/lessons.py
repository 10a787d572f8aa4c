"""Teaches half of what someone wrote, and measures the other half; what is measured is kept, line by line."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from numpy.random import default_rng

from benchmarks.teaching.writers import Writer, validation_writers
from learner.gate.judgement import reads_rightly
from learner.lesson import Verdict, give_lesson
from learner.sets import MNIST_VALIDATION, Sets, prepared_sets
from learner.teaching.examples import MAX_EXAMPLES, Example, see
from model.data.digits import Digits
from model.evaluation.metrics import probabilities_of
from model.locations import RELEASED
from model.recogniser import Recogniser
from release.archive import LABELS

TAUGHT_IN_A_ROW = 10  # corrections in each of a line of teachings

_sets: Sets
_writers: list[Writer]


@dataclass(frozen=True)
class Half:
    """One half of a writer's digits is taught, the other asked.

    Attributes:
        writer: name.
        split: number of the random split.
        half: which is taught, 0 or 1.
    """

    writer: str
    split: int
    half: int


@dataclass(frozen=True)
class Outcome:
    """What a teaching changed.

    Attributes:
        asked: digits of the other half.
        before, after: of them not read as what they are, refused ones included; `after` is what is served then, the
            champion's where the gate refuses.
        mnist: errors on MNIST's validation digits added by what is served then.
        passed: the gate's verdict.
        words: the verdict's.
        seconds: teaching and judging.
    """

    half: Half
    asked: int
    before: int
    after: int
    mnist: int
    passed: bool
    words: str
    seconds: float


def all_halves(writers: Sequence[str], splits: int) -> list[Half]:
    """Every writer's, split by split, so that an interrupted run has whole splits."""
    return [Half(writer, split, half) for split in range(splits) for writer in writers for half in (0, 1)]


def measure(data: Path, folder: Path, halves: Sequence[Half], kept: Path) -> Iterator[Outcome]:
    """Teach each half on all cores, one thread each; outcomes as they come, those that a file keeps first.

    Args:
        data: the folder of the data.
        folder: of `learner.sets.prepared_sets`.
        halves: to be taught.
        kept: a line of JSON for each; it is gone on with.
    """
    done = [_parsed(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    yield from (outcome for outcome in done if outcome.half in halves)
    missing = [half for half in halves if half not in {outcome.half for outcome in done}]
    context = multiprocessing.get_context("forkserver")
    with (
        kept.open("a", encoding="utf-8") as file,
        ProcessPoolExecutor(os.cpu_count(), context, initializer=_begin, initargs=(data, folder)) as pool,
    ):
        for task in as_completed([pool.submit(_taught, half) for half in missing]):
            outcome = task.result()
            print(json.dumps(asdict(outcome)), file=file, flush=True)
            yield outcome


def _parsed(line: str) -> Outcome:
    content = json.loads(line)
    return Outcome(**content | {"half": Half(**content["half"])})


def _begin(data: Path, folder: Path) -> None:
    global _sets, _writers
    torch.set_num_threads(1)
    _sets, _writers = prepared_sets(data, folder), validation_writers(data)


def _taught(half: Half) -> Outcome:
    digits = next(writer.digits for writer in _writers if writer.name == half.writer)
    order = default_rng((half.split, len(digits))).permutation(len(digits))
    parts = order[: len(digits) // 2], order[len(digits) // 2 :]
    taught, asked = ([digits[i] for i in part] for part in (parts[half.half], parts[1 - half.half]))
    # A picture like another is asked as often as it was written.
    others = [see([one]).digits for one in asked]
    pictures = Digits(torch.cat([one.images for one in others]), torch.cat([one.labels for one in others]))
    with TemporaryDirectory() as folder:
        started = time.monotonic()
        verdict = _lesson(RELEASED, taught[:MAX_EXAMPLES], Path(folder), half.split)
        seconds = time.monotonic() - started
        champion = Recogniser.load_folder(RELEASED, LABELS)
        served = Recogniser.load_folder(verdict.folder, LABELS) if verdict.passed else champion
        before, after = (int((~reads_rightly(one, pictures)).sum()) for one in (champion, served))
        further = mnist_errors(served, _sets) - mnist_errors(champion, _sets)
    return Outcome(half, len(pictures), before, after, further, verdict.passed, verdict.words, seconds)


def _lesson(champion: Path, corrections: Sequence[Example], folder: Path, seed: int) -> Verdict:
    return give_lesson(champion, corrections, folder, seed, lambda share, words: None, sets=_sets)


def mnist_errors(recogniser: Recogniser, sets: Sets) -> int:
    """Of its validation digits, whether refused or not."""
    digits = sets.validation[MNIST_VALIDATION]
    return int((probabilities_of(recogniser, digits.images).argmax(dim=1) != digits.labels).sum())


def in_a_row(data: Path, folder: Path, times: int) -> Iterator[tuple[str, bool, int]]:
    """Teach one version after another, each ten digits of another writer, each to what the one before left.

    Returns:
        The writer, the gate's verdict, and the errors on MNIST's validation digits that were added since the start.
    """
    _begin(data, folder)
    champion = RELEASED
    start = mnist_errors(Recogniser.load_folder(champion, LABELS), _sets)
    with TemporaryDirectory() as work:
        for number in range(times):
            writer = _writers[number % len(_writers)]
            chosen = default_rng(number).permutation(len(writer.digits))[:TAUGHT_IN_A_ROW]
            verdict = _lesson(champion, [writer.digits[i] for i in chosen], Path(work) / str(number), number)
            champion = verdict.folder if verdict.passed else champion
            yield writer.name, verdict.passed, mnist_errors(Recogniser.load_folder(champion, LABELS), _sets) - start
