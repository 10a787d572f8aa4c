"""Whether a version may be served: it loads, keeps the contract, reads what it must, is neither slow nor worse.

An archive is code, so each is asked in a process of its own, with a deadline.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from signal import SIGKILL
from threading import Thread
from typing import IO, Any

from model.artifacts import LABELS_FILE, METADATA_FILE, read_labels, read_metadata
from model.errors import ArtifactError, OperatorError
from model.preprocessing.digit import PREPROCESSING_VERSION
from release.archive import LABELS, version_of
from release.archive_digest import CheckedArchive
from release.versions.smoke_pictures import SmokePicture, smoke_pictures

ANSWER = Path(__file__).with_name("answer.py")  # a program of its own: importing it would load TorchServe

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 10.0
ROUNDS = 5
MAX_SLOWDOWN = 1.5
"""Of the champion's seconds, as the median of `ROUNDS` rounds in turns."""

MAX_LOSS = 0.002
"""Of accuracy on any set that both were measured on."""

MAX_SUM_ERROR = 1e-3
KEYS = {"label", "confidence", "recognised", "probabilities", "ink", "model", "version"}


@dataclass(frozen=True)
class Finding:
    """One row of the verdict: what was looked at, what was found, what is accepted."""

    name: str
    value: str
    bound: str
    passed: bool


def check(candidate: CheckedArchive, champion: CheckedArchive) -> list[Finding]:
    """Compare a candidate with the champion; the last row tells where it could not be asked any further.

    Raises:
        OperatorError, OSError: the champion itself cannot be asked.
    """
    pictures = smoke_pictures()
    with _asked(champion) as ours:
        expected = [ours.ask(picture.png) for picture in pictures]
        try:
            with _asked(candidate) as theirs:
                findings = _fits(theirs)
                if not all(finding.passed for finding in findings):
                    return findings
                answered = [theirs.ask(picture.png) for picture in pictures]
                findings += _keeps_contract([found["body"] for found in answered if found["status"] == 200])
                if not all(finding.passed for finding in findings):
                    return findings
                findings += [_reads(pictures, expected, answered), _slowdown(pictures, ours, theirs)]
        except (OperatorError, OSError, ValueError, zipfile.BadZipFile) as error:
            return [Finding("loads and answers", str(error), "every picture", False)]
    return findings + _losses(candidate, champion)


class _Asked:
    """An archive in a process of its own."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder, self.version = folder, version
        self._errors = (folder.parent / f"{folder.name}.stderr").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-P", str(ANSWER), str(folder), version],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
            cwd=folder,
            start_new_session=True,  # a group of its own, which ends as one
        )
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        self._process, self._stdin = process, process.stdin
        self._timeout_s = START_TIMEOUT_S
        self._lines: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._read, args=[process.stdout], name="answers", daemon=True).start()

    def _read(self, stdout: IO[str]) -> None:
        """Take in lines beside who asks, who so waits no longer for the rest of a line than for the whole."""
        with stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put("")

    def ask(self, png: bytes) -> dict[str, Any]:
        """Its answer to a picture: `status`, `seconds` and `body`.

        Raises:
            OperatorError: it has ended, takes too long, or its answer is no JSON object.
        """
        with suppress(BrokenPipeError):
            self._stdin.write(base64.b64encode(png).decode() + "\n")
        try:
            line = self._lines.get(timeout=self._timeout_s)
        except Empty as error:
            raise OperatorError(f"version {self.version} gave no answer within {self._timeout_s:g} s") from error
        if not line:
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:] or ["it said nothing"]
            raise OperatorError(f"version {self.version} ended: {last[0]}")
        self._timeout_s = ANSWER_TIMEOUT_S
        answered: dict[str, Any] = json.loads(line)
        if not isinstance(answered["body"], dict):
            raise OperatorError(f"version {self.version} answers {line[:80]!r}; accepted is a JSON object")
        return answered

    def end(self) -> None:
        """End its process."""
        os.killpg(self._process.pid, SIGKILL)
        self._process.wait()
        self._errors.close()
        with suppress(BrokenPipeError):
            self._stdin.close()


@contextmanager
def _asked(archive: CheckedArchive) -> Iterator[_Asked]:
    with tempfile.TemporaryDirectory(prefix="digits-check-") as work, archive.open() as file:
        folder = Path(work) / "archive"
        file.extractall(folder)
        asked = _Asked(folder, version_of(archive))
        try:
            yield asked
        finally:
            asked.end()


def _fits(candidate: _Asked) -> list[Finding]:
    """What the files say: labels and preprocessing that everything around them expects."""
    labels, expected = read_labels(candidate.folder / LABELS_FILE), read_labels(LABELS)
    version = read_metadata(candidate.folder / METADATA_FILE)["preprocessing"]["version"]
    return [
        Finding("labels", " ".join(labels), " ".join(expected), labels == expected),
        Finding("preprocessing", version, PREPROCESSING_VERSION, version == PREPROCESSING_VERSION),
    ]


def _keeps_contract(answers: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """What every answer has, whatever it says."""
    missing = sorted({key for body in answers for key in KEYS - body.keys()})
    wrong_sums = sum(not _sums_to_1(body.get("probabilities")) for body in answers)
    return [
        Finding("keys missing in answers", ", ".join(missing) or "none", "none", not missing),
        Finding("probabilities that do not sum to 1", str(wrong_sums), "0", wrong_sums == 0),
    ]


def _sums_to_1(probabilities: object) -> bool:
    try:
        return abs(sum(probabilities.values()) - 1) <= MAX_SUM_ERROR  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return False


def _reads(
    pictures: Sequence[SmokePicture], expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> Finding:
    """The pictures that the champion reads rightly."""
    fair = [i for i, picture in enumerate(pictures) if _is_right(picture, expected[i])]
    lost = [i for i in fair if not _is_right(pictures[i], found[i])]
    return Finding("pictures lost that the champion reads", f"{len(lost)} of {len(fair)}", "0", not lost)


def _is_right(picture: SmokePicture, answered: Mapping[str, Any]) -> bool:
    body = answered["body"]
    if picture.label is None:
        return answered["status"] == 422 or (answered["status"] == 200 and not body["recognised"])
    return answered["status"] == 200 and body["label"] == picture.label and bool(body["recognised"])


def _slowdown(pictures: Sequence[SmokePicture], champion: _Asked, candidate: _Asked) -> Finding:
    ratios = []
    for _ in range(ROUNDS):
        ours, theirs = (sum(asked.ask(p.png)["seconds"] for p in pictures) for asked in (champion, candidate))
        ratios.append(theirs / ours)
    ratio = statistics.median(ratios)
    return Finding("time beside the champion's", f"{ratio:.2f}", f"{MAX_SLOWDOWN:g}", ratio <= MAX_SLOWDOWN)


def _losses(candidate: CheckedArchive, champion: CheckedArchive) -> list[Finding]:
    """A row for each set that both were measured on, of which there must be one."""
    theirs, ours = _metrics(candidate), _metrics(champion)
    common = ours.keys() & theirs.keys()
    findings = [Finding("sets that both were measured on", str(len(common)), "at least 1", bool(common))]
    for name in sorted(common):
        before, now = float(ours[name]["accuracy"]), float(theirs[name]["accuracy"])
        findings.append(Finding(name, f"{now:.2%}", f"{before - MAX_LOSS:.2%}", now >= before - MAX_LOSS))
    return findings


def _metrics(archive: CheckedArchive) -> dict[str, Any]:
    with archive.open() as file:
        try:
            metrics: dict[str, Any] = json.loads(file.read(METADATA_FILE))["metrics"]
        except (KeyError, ValueError) as error:
            raise ArtifactError(f"the metadata of {archive.path} has no metrics") from error
    return metrics
