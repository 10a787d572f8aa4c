"""Measures what teaching changes: for who is taught, for all others, and for who is served meanwhile.

What is measured is added to a file as it comes, and an interrupted measurement goes on. Progress goes to stderr, the
tables to stdout and to a file.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # before PYTHONPATH: others have a `model` too

import numpy as np
from numpy.random import default_rng

from benchmarks.results import Conditions, markdown
from benchmarks.teaching.learner_process import running_learner
from benchmarks.teaching.lessons import Outcome, all_halves, in_a_row, measure
from benchmarks.teaching.served import CLIENTS, Round, kill_at_random, measure_round
from benchmarks.teaching.writers import validation_writers
from benchmarks.versions.one_node import one_node
from learner.sets import SETS_FILE, prepared_sets
from model.artifacts import write_atomically
from model.locations import ROOT, data_folder
from release.versions.locations import DATABASE_VARIABLE, STATE_VARIABLE
from serving.console import run, say

RESULTS = ROOT / "benchmarks" / "results" / "teaching"
WORK = ROOT / "runs" / "teaching"
RESAMPLES = 10_000
LONGEST_TO_A_KILL_S = 60.0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what",
        choices=PARTS,
        help="writers: teach half of what each validation writer wrote, ask the other half; row: teachings one after "
        "another; served: seconds to the answer, and what others notice; killed: a learner killed at random",
    )
    parser.add_argument("--splits", type=int, default=5, help="of each writer's digits (writers; default: %(default)s)")
    parser.add_argument("--times", type=int, default=10, help="teachings (row), kills (killed) (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="writers that are taught (served; default: %(default)s)")
    parser.add_argument(
        "--work", type=Path, default=WORK, help="folder of what is measured and drawn (default: runs/teaching)"
    )
    return parser


def writers(options: argparse.Namespace) -> list[str]:
    """Errors on the other half of what each wrote."""
    names = [writer.name for writer in validation_writers(data_folder())]
    halves = all_halves(names, options.splits)
    outcomes: list[Outcome] = []
    started = time.monotonic()
    for outcome in measure(data_folder(), options.work, halves, options.work / "halves.jsonl"):
        outcomes.append(outcome)
        say(
            f"{len(outcomes)} of {len(halves)} after {time.monotonic() - started:.0f} s: {outcome.half.writer}: "
            f"{outcome.before} of {outcome.asked} before, {outcome.after} after; {outcome.words}"
        )
    rows = [["writer", "digits", "errors before", "after", "gained, mean of splits", "refused teachings"], ["---"] * 6]
    rows += [_row(name, [one for one in outcomes if one.half.writer == name], options.splits) for name in names]
    before, after = (sum(getattr(one, what) for one in outcomes) for what in ("before", "after"))
    bound = upper_bound(outcomes)
    seconds = [one.seconds for one in outcomes]
    return [
        f"Half of what a writer wrote is taught, the other half asked; random splits: {options.splits}, both halves. "
        "An error is an answer that is not right, a refused digit too. Where the gate refuses a candidate, the "
        "champion goes on to serve, and its errors count.",
        markdown(rows),
        f"All together: {before} errors before, {after} after, {after / max(before, 1):.2f} of them; one-sided 95 % "
        f"bound {bound:.2f} (writers drawn again, {RESAMPLES:,} times). MNIST validation: at most "
        f"{max(one.mnist for one in outcomes)} further errors of 5,000. One teaching with its judgement: "
        f"{median(seconds):.0f} s ({min(seconds):.0f} to {max(seconds):.0f}) on one thread.",
    ]


def _row(name: str, outcomes: Sequence[Outcome], splits: int) -> list[str]:
    before, after, asked = (sum(getattr(one, what) for one in outcomes) for what in ("before", "after", "asked"))
    refused = sum(not one.passed for one in outcomes)
    return [
        name, f"{asked // splits}", f"{before / splits:.1f}", f"{after / splits:.1f}",
        f"{(after - before) / splits:+.1f}", f"{refused} of {len(outcomes)}",
    ]  # fmt: skip


def upper_bound(outcomes: Sequence[Outcome]) -> float:
    """One-sided 95 % bound of the errors after, as a share of those before: bootstrap over writers."""
    names = sorted({one.half.writer for one in outcomes})
    counts = np.array(
        [
            [sum(getattr(one, what) for one in outcomes if one.half.writer == name) for what in ("before", "after")]
            for name in names
        ]
    )
    drawn = counts[default_rng(0).integers(len(names), size=(RESAMPLES, len(names)))].sum(axis=1)
    return float(np.quantile(drawn[:, 1] / np.maximum(drawn[:, 0], 1), 0.95))


def row(options: argparse.Namespace) -> list[str]:
    """Errors on MNIST while one version is taught after another."""
    rows = [["teaching", "ten digits of", "gate", "further errors of 5,000"], ["---"] * 4]
    for number, (writer, passed, errors) in enumerate(in_a_row(data_folder(), options.work, options.times), start=1):
        rows.append([str(number), writer, "passed" if passed else "refused", f"{errors:+}"])
        say(f"teaching {number}: {writer}, {rows[-1][2]}, MNIST {errors:+}")
    return [f"{options.times} teachings in a row, each of the version that the one before left.", markdown(rows)]


def served(options: argparse.Namespace) -> list[str]:
    """Seconds until the answer is another's, and the p99 of who is served meanwhile."""
    rounds: list[Round] = []
    known = validation_writers(data_folder())
    with prepared_state(options.work) as (state, work), one_node(work) as url, running_learner(state) as learner:
        for number in range(options.rounds):
            rounds.append(measure_round(learner, url, known[-1 - number % len(known)], number))
            say(f"round {number + 1}: {rounds[-1]}")
    heads = ["ten digits of", "jobs", "idle, s", f"{CLIENTS} clients, s", "p99 without, ms", "beside, ms", "times"]
    rows = [heads, ["---"] * len(heads)]
    for one in rounds:
        seconds = ["-" if s is None else f"{s:.0f}" for s in (one.idle_s, one.loaded_s)]
        rows.append(
            [one.writer, ", ".join(one.states), *seconds, *(f"{p99:.1f}" for p99 in one.p99_ms), f"{one.slowdown:.2f}"]
        )
    return [
        f"From `POST /retrain` to the first answer of the new version, {len(rounds)} rounds; 0 requests lost. p99 of "
        f"{CLIENTS} connections of wrk without and beside a teaching.",
        markdown(rows),
        f"Slowdown of the p99: {median(one.slowdown for one in rounds):.2f} in the median of rounds.",
    ]


def killed(options: argparse.Namespace) -> list[str]:
    """What killing the learner leaves."""
    examples = [digit for writer in validation_writers(data_folder()) for digit in writer.digits]
    with prepared_state(options.work) as (state, work), one_node(work) as url:
        found = kill_at_random(state, url, examples, options.times, LONGEST_TO_A_KILL_S)
    return [
        f"Killed {found.kills} times: {found.kept} of {found.accepted} accepted corrections kept, {found.stuck} jobs "
        f"stuck ({', '.join(found.jobs)}); {found.asked.requests:,} predictions meanwhile, lost "
        f"{found.asked.lost.total()}, answered by versions {', '.join(sorted(found.asked.versions))}."
    ]


@contextmanager
def prepared_state(work: Path) -> Iterator[tuple[Path, Path]]:
    """A state folder of its own, with the sets, which this process uses too; and the folder that holds it."""
    with TemporaryDirectory(prefix="teaching-") as name:
        state = Path(name) / "state"
        state.mkdir(mode=0o700)
        shutil.copy(work / SETS_FILE, state)
        os.environ[STATE_VARIABLE] = str(state)
        os.environ.pop(DATABASE_VARIABLE, None)
        yield state, Path(name)


PARTS = {"writers": writers, "row": row, "served": served, "killed": killed}


def main() -> int:
    options = build_parser().parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    prepared_sets(data_folder(), options.work)
    here = Conditions.here_and_now(seconds=0, warm_up_s=0)
    where = f"{here.machine}, {here.system}, {here.date}, commit {here.commit}."
    text = "\n\n".join([where, *PARTS[options.what](options)]) + "\n"
    print(text, end="")
    RESULTS.mkdir(parents=True, exist_ok=True)
    write_atomically(RESULTS / f"{options.what}.md", lambda file: file.write_text(text, encoding="utf-8"))
    return 0


if __name__ == "__main__":
    run(main)
