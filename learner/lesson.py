"""From a request to teach to a verdict: the sets, the teaching, the gate, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from learner.gate.judgement import judge, reads_rightly
from learner.sets import Sets
from learner.teaching.examples import Example
from learner.teaching.lesson import teach
from learner.teaching.tuning import TuningConfig
from model.data.digits import Digits
from model.data.drawn_sets import joined
from model.recogniser import Recogniser
from release.archive import labels_of
from release.versions.checks import Finding

TEACHING_SHARE = 0.8  # of the progress; the rest is judging


@dataclass(frozen=True)
class Verdict:
    """What came of a lesson.

    Attributes:
        folder: of the candidate's files, for `release.versions.registry.Registry.add`.
        taught, held_back: ids of the corrections.
        findings: rows of the gate.
        right_before, right_now: of all corrections, how many the champion and the candidate read as corrected.
    """

    folder: Path
    taught: list[str]
    held_back: list[str]
    findings: list[Finding]
    right_before: int
    right_now: int

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted."""
        return all(finding.passed for finding in self.findings)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        count = len(self.taught) + len(self.held_back)
        read = f"read {self.right_before} of {count} corrections before, {self.right_now} now"
        failed = [f"{one.name} ({one.value}; accepted {one.bound})" for one in self.findings if not one.passed]
        return f"{read}; refused for {', '.join(failed)}" if failed else f"{read}; nothing else got worse"


def give_lesson(
    champion: Path,
    corrections: Sequence[Example],
    run_folder: Path,
    seed: int,
    report: Callable[[float, str], object],
    *,
    sets: Sets,
    most_of_one_key: float = 1.0,
    config: TuningConfig | None = None,
) -> Verdict:
    """Teach a candidate and judge it; arguments and errors are those of `learner.teaching.lesson.teach`."""
    lesson = teach(
        champion,
        corrections,
        run_folder,
        seed,
        lambda share, words: report(TEACHING_SHARE * share, words),
        sets=sets,
        most_of_one_key=most_of_one_key,
        config=config,
    )
    report(TEACHING_SHARE, "judging")
    verdict = verdict_of(
        champion,
        lesson.folder,
        sets,
        lesson.taught.digits,
        lesson.held_back.digits,
        [example.id for example in lesson.taught.sources],
        [example.id for example in lesson.held_back.sources],
    )
    report(1.0, "judged")
    return verdict


def verdict_of(
    champion: Path,
    candidate: Path,
    sets: Sets,
    taught: Digits,
    held_back: Digits,
    taught_ids: list[str],
    held_back_ids: list[str],
) -> Verdict:
    """Judge a candidate beside the champion, both by the folders of their files; see `learner.gate.judgement.judge`."""
    ours, theirs = (Recogniser.load_folder(folder, labels_of(champion)) for folder in (champion, candidate))
    findings = judge(theirs, ours, sets, taught, held_back)
    every = joined([taught, held_back])
    before, now = (int(reads_rightly(one, every).sum()) for one in (ours, theirs))
    return Verdict(candidate, taught_ids, held_back_ids, findings, before, now)
