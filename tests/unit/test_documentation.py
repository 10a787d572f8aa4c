"""What the README, the model card and the changelog say is what the repository does."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.artifacts import read_json
from model.evaluation.metrics import Metrics
from model.evaluation.tables import comparison_table, metrics_table
from model.locations import RELEASED
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from model.training.networks import list_networks
from release.archive import LABELS
from release.comparison import COMPARISON_FILE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = (ROOT / "model" / "released" / "MODEL_CARD.md").read_text(encoding="utf-8")
METADATA = json.loads((ROOT / "model" / "released" / "mnist.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", [README, CARD], ids=["README", "model card"])
def test_the_numbers_are_those_of_the_released_model(text: str) -> None:
    metrics = {name: Metrics(**values) for name, values in METADATA["metrics"].items()}
    for row in metrics_table(metrics).splitlines():
        assert row in text
    for name, share in METADATA["refused_nondigits"].items():
        assert f"{share:.2%} of {name}" in text
    assert f"{METADATA['architecture']['parameters']:,} parameters" in text
    assert f"{METADATA['torchscript']['bytes'] / 1e6:.1f} MB" in text


def test_the_model_card_compares_the_networks() -> None:
    compared = read_json(RELEASED / COMPARISON_FILE)
    for row in comparison_table(compared).splitlines():
        assert row in CARD
    assert {one["network"] for one in compared.values()} == set(list_networks()) - {"digit_cnn_wide"}
    released = {name: metrics["accuracy"] for name, metrics in METADATA["metrics"].items()}
    assert compared[METADATA["architecture"]["network"]]["accuracy"] == released


def test_the_readme_shows_the_benchmark_that_was_run() -> None:
    results = (ROOT / "benchmarks" / "results" / "serving.md").read_text(encoding="utf-8")
    targets = results[results.index("## Targets") : results.index("## 28x28")]
    rows = [line for line in targets.splitlines() if line.startswith("|")]
    assert len(rows) > 10
    assert "\n".join(rows) in README


@pytest.mark.parametrize("path", ["README.md", "docs/api.md"])
def test_the_example_answer_is_what_the_released_model_answers(path: str) -> None:
    recogniser = Recogniser.load_folder(RELEASED, LABELS)
    with Image.open(ROOT / "tests" / "data" / "seven.png") as picture:
        [reading] = recogniser.read(digit_image(picture)[np.newaxis])
    text = (ROOT / path).read_text(encoding="utf-8")
    example = json.loads(text[text.index('{"label": ') : text.index(', "...": 0.0}')] + "}}")
    assert (example["label"], example["recognised"]) == (reading.label, reading.recognised)
    assert example["confidence"] == pytest.approx(reading.confidence, abs=1e-5)
    likeliest = dict(list(reading.probabilities.items())[:2])
    assert example["probabilities"] == pytest.approx(likeliest, abs=1e-5)


def test_the_released_network_keeps_to_its_size() -> None:
    assert METADATA["torchscript"]["bytes"] == (ROOT / "model" / "released" / "mnist.pt").stat().st_size <= 2_000_000


def test_every_make_target_that_is_named_exists_and_is_explained() -> None:
    help_text = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = set(re.findall(r"^  ([a-z]+) ", help_text, re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README + CARD, re.MULTILINE))
    assert explained >= {"serve", "test", "check", "train", "evaluate", "archive", "predict", "clean"}
    assert named <= explained | {"help"}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_dependency_is_explained() -> None:
    asked = set()
    for name in ("serve", "dev", "bench", "notebook"):
        lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
        asked |= {re.split(r"[=<>\[]", line)[0] for line in lines if line and line[0].isalpha()}
    table = README[README.index("## Dependencies") : README.index("## Limits")]
    explained = {name.strip() for row in table.splitlines() for name in row.split("|")[1:2] for name in name.split(",")}
    assert {name for name in asked if not name.startswith("types-") and name != "setuptools"} <= explained


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    match = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert match
    first = next(line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## ")
    assert first == f"## {match[1]}"


def test_every_setting_of_the_server_is_commented() -> None:
    lines = (ROOT / "config.properties").read_text(encoding="utf-8").splitlines()
    previous = ""
    for line in lines:
        if line and not line.startswith("#"):
            grouped = previous.split("_")[0] == line.split("_")[0] and "_port" in line
            assert previous.startswith("#") or grouped, line
        previous = line
