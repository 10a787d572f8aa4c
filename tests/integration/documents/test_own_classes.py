"""docs/your-own-classes.md, followed to the letter: ten letters are trained, exported, packed, served and asked."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from numpy.random import default_rng

from benchmarks.torchserve import repacked
from model.artifacts import LABELS_FILE, read_json
from model.data.drawn_sets import draw_as_written
from model.data.own_classes import TEST, OwnStrokes, read_own_classes
from model.errors import ArtifactError, DataError
from model.locations import ROOT
from release.archive import LABELS, load_archive
from tests.conftest import Service, running_service
from tests.drawing import encoded
from tests.own_classes import write_labels, write_strokes

DOCUMENT = (ROOT / "docs" / "your-own-classes.md").read_text(encoding="utf-8")
COMMANDS = {line.split()[1]: line for line in re.findall(r"^make .+$", DOCUMENT, re.MULTILINE)}
LETTERS = "ABCDEFHKMX"
EVERY = 10  # of the letters, one is taken
QUICKLY = ["--epochs", "8", "--pen-variants", "4", "--batch-size", "64"]
ASKED_OF_EACH = 6
TIMEOUT_S = 300

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@cache
def help_of(script: str) -> set[str]:
    """The options that a script explains."""
    done = subprocess.run(
        [sys.executable, ROOT / script, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(re.findall(r"--[a-z-]+", done.stdout))


def script_of(target: str) -> list[str]:
    """The script and the arguments that a command of the document runs."""
    old = [word for stamp in (".serve", ".dev") for word in ("--old-file", f".venv/{stamp}")]
    printed = subprocess.run(
        [*shlex.split(COMMANDS[target]), "--dry-run", *old], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"scripts/\w+\.py.*", printed.replace("\\\n", ""))
    assert found, printed
    return shlex.split(found[0])


@dataclass(frozen=True)
class Letters:
    """The files of a user with own classes, and where the document's commands leave theirs."""

    folder: Path
    pictures: Path
    labels: Path

    def command(self, target: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the document on these files."""
        return self.run(*script_of(target), *more)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", *map(self.real, words)],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},  # two threads wait for each other where other tests run beside
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def real(self, word: str) -> str:
        """The document's name of a file, or the file."""
        files = {"letters/": self.pictures, "letters.json": self.labels, "letter.png": self.folder / "letter.png"}
        if word in files:
            return str(files[word])
        return str(self.folder / word) if word.startswith(("runs/", "model_store/")) else word


def read_part(data: Path) -> list[tuple[str, str, Any]]:
    """A part of UNIPEN's ten letters: label, writer and strokes of each."""
    with np.load(data) as file:
        arrays = dict(file)
    strokes = np.split(arrays["points"], arrays["stroke_end"][:-1])
    starts = np.concatenate([[0], arrays["sample_end"][:-1]])
    chosen = np.flatnonzero(np.isin(arrays["labels"], list(LETTERS)))[::EVERY]
    return [
        (str(arrays["labels"][i]), str(arrays["writers"][i]), tuple(strokes[starts[i] : arrays["sample_end"][i]]))
        for i in chosen
    ]


@pytest.fixture(scope="module")
def letters(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Letters:
    """Trained, exported and packed by the commands of the document."""
    source = data_root / "strangers" / "unipen_letters.npz"
    if not source.exists():
        pytest.skip(f"no {source}: the letters are not part of the repository")
    folder = tmp_path_factory.mktemp("letters")
    (folder / "model_store").mkdir()
    pictures = write_strokes(folder / "letters.npz", read_part(source))
    made = Letters(folder, pictures, write_labels(folder / "letters.json", LETTERS))
    for target, more in {"train": QUICKLY, "export": [], "archive": []}.items():
        done = made.command(target, *more)
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def served(letters: Letters) -> Iterator[Service]:
    arguments = list(map(letters.real, script_of("serve")))
    with running_service(letters.folder / "logs", *arguments[arguments.index("--archive") :]) as service:
        yield service


@pytest.fixture(scope="module")
def pictures(letters: Letters) -> list[tuple[str, bytes]]:
    """Letters of writers that nothing was learned or chosen by, as a canvas gives them."""
    own = read_own_classes(letters.pictures, letters.labels)
    assert isinstance(own, OwnStrokes)
    drawn = []
    for index, letter in enumerate(LETTERS):
        samples = [sample for sample in own.parts[TEST] if sample.label == index][:ASKED_OF_EACH]
        drawn += [(letter, encoded(draw_as_written("canvas", one, default_rng(n)))) for n, one in enumerate(samples)]
    return drawn


def test_each_command_of_the_document_has_the_options_that_it_names() -> None:
    assert list(COMMANDS) == ["train", "export", "archive", "serve", "predict"]
    for target in COMMANDS:
        script, *words = script_of(target)
        assert {word for word in words if word.startswith("--")} <= help_of(script), target


def test_every_option_that_the_document_mentions_is_one_of_training() -> None:
    assert set(re.findall(r"`(--[a-z-]+)[ \w]*`", DOCUMENT)) <= help_of("scripts/train.py")


def test_the_code_of_the_document_writes_a_file_of_strokes(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)
    labels = write_labels(tmp_path / "letters.json", "AB")
    with pytest.raises(DataError, match="holds 1 of 'A', 0 of 'B'; of each label at least 10"):
        read_own_classes(tmp_path / "letters.npz", labels)


def test_most_letters_of_other_writers_are_read_right(served: Service, pictures: list[tuple[str, bytes]]) -> None:
    assert len(pictures) > 40
    assert {letter for letter, _ in pictures} == set(LETTERS)
    right = 0
    for letter, picture in pictures:
        response = requests.post(served.predictions_url, data=picture, timeout=20)
        result = response.json()
        assert response.status_code == 200
        assert set(result["probabilities"]) == set(LETTERS)
        assert result["label"] == max(result["probabilities"], key=result["probabilities"].get)
        assert sum(result["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        right += result["label"] == letter
    assert right / len(pictures) >= 0.7


def test_explanations_and_the_open_inference_protocol_have_the_letters(
    served: Service, pictures: list[tuple[str, bytes]]
) -> None:
    picture = pictures[0][1]
    explained = requests.post(f"{served.api_url}/explanations/mnist", data=picture, timeout=60).json()
    assert explained["attribution"]["target"] == explained["label"]
    assert explained["label"] in LETTERS
    ink = {"name": "x", "shape": [1, 8, 8], "datatype": "UINT8", "data": [0, 255] * 32}
    answer = requests.post(served.predictions_url, json={"inputs": [ink]}, timeout=20).json()
    shapes = {output["name"]: output["shape"] for output in answer["outputs"]}
    assert shapes["probabilities"] == [1, len(LETTERS)]


def test_what_the_page_and_operators_are_told_is_of_the_letters(letters: Letters, served: Service) -> None:
    told = requests.get(f"{served.management_url}/models/mnist?customized=true", timeout=20).json()
    assert '"validation, canvas"' in str(told).replace("'", '"')
    config = requests.get(f"{served.page_url}/config.json", timeout=20).json()
    assert config["labels"] == list(LETTERS)
    metadata = read_json(letters.folder / "runs/letters/released/mnist.json")
    assert requests.get(f"{served.page_url}/model.json", timeout=20).json() == metadata
    assert requests.get(f"{served.page_url}/MODEL_CARD.md", timeout=20).status_code == 404
    assert metadata["architecture"]["classes"] == len(LETTERS)
    assert "letters" not in metadata["refused_nondigits"]
    accuracy = {name: one["accuracy"] for name, one in metadata["metrics"].items()}
    assert min(accuracy.values()) > 0.7, accuracy


def test_predict_reads_a_letter(letters: Letters, pictures: list[tuple[str, bytes]]) -> None:
    (letters.folder / "letter.png").write_bytes(pictures[0][1])
    done = letters.command("predict")
    assert done.returncode == 0, done.stderr
    assert re.search(rf"letter\.png: [{LETTERS}] [\d.]+%, [{LETTERS}] ", done.stdout)


def test_labels_of_another_network_are_refused(letters: Letters, tmp_path: Path) -> None:
    archive = letters.folder / "model_store/letters.mar"
    other = repacked(archive, {LABELS_FILE: LABELS.read_bytes()}, tmp_path / "other.mar")
    with pytest.raises(ArtifactError, match="names other classes, or in another order, than the network was trained"):
        load_archive(other)
    backwards = write_labels(tmp_path / "backwards.json", reversed(LETTERS))
    started = time.monotonic()
    for target, more, words in (
        ("train", ["--resume", *QUICKLY, "--labels", str(backwards)], r"differs in: labels"),
        ("export", ["--labels", str(backwards)], "trained on other labels than these, or in another order"),
    ):
        done = letters.command(target, *more)
        assert done.returncode == 1
        assert re.search(words, done.stderr), done.stderr
    assert time.monotonic() - started < 60, "before anything is drawn"


def test_the_report_of_digits_refuses_letters(letters: Letters) -> None:
    model = letters.folder / "runs/letters/released/mnist.pt"
    done = letters.run("scripts/evaluate.py", "--model", str(model))
    assert done.returncode == 1
    assert "the report covers digits only, and this model reads A, B, C" in done.stderr
