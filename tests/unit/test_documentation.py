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
from model.locations import COMPARISON, RELEASED
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from model.training.networks import list_networks
from release.archive import LABELS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = (ROOT / "model" / "released" / "MODEL_CARD.md").read_text(encoding="utf-8")
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), RELEASED / "MODEL_CARD.md"])
}
METADATA = json.loads((ROOT / "model" / "released" / "mnist.json").read_text(encoding="utf-8"))


def measured_rows() -> list[str]:
    metrics = {name: Metrics(**values) for name, values in METADATA["metrics"].items()}
    return metrics_table(metrics).splitlines()


def test_the_model_card_has_every_number_of_the_released_model() -> None:
    assert all(row in CARD for row in measured_rows())
    assert all(f"{share:.2%} of {name}" in CARD for name, share in METADATA["refused_nondigits"].items())


@pytest.mark.parametrize("text", [README, CARD], ids=["README", "model card"])
def test_the_numbers_are_those_of_the_released_model(text: str) -> None:
    head, rule, *rows = measured_rows()
    section = text[text.index(head) :].splitlines()[1:]
    shown = section[: section.index("")]
    assert len(shown) >= 6 and shown[0] == rule
    assert set(shown[1:]) <= set(rows)
    names = "|".join(sorted(map(re.escape, METADATA["refused_nondigits"]), key=len, reverse=True))
    refused = re.findall(rf"([0-9.]+%) of ({names})", text)
    assert refused and all(f"{METADATA['refused_nondigits'][name]:.2%}" == share for share, name in refused)
    assert f"{METADATA['architecture']['parameters']:,} parameters" in text
    assert f"{METADATA['torchscript']['bytes'] / 1e6:.1f} MB" in text


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= 9_000


def test_the_model_card_compares_the_networks() -> None:
    compared = read_json(COMPARISON)
    for row in comparison_table(compared).splitlines():
        assert row in CARD
    assert {one["network"] for one in compared.values()} == set(list_networks()) - {"digit_cnn_wide"}
    released = {name: metrics["accuracy"] for name, metrics in METADATA["metrics"].items()}
    assert compared[METADATA["architecture"]["network"]]["accuracy"] == released


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
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", "".join(DOCUMENTS.values()), re.MULTILINE))
    assert explained >= {"serve", "test", "check", "train", "evaluate", "archive", "predict", "clean"}
    assert named <= explained | {"help"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    for path, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)", DOCUMENTS[document]):
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), path
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    rooms = "|".join(
        ("benchmarks", "docs", "handler", "model", "release", "scripts", "serving", "static_client", "tests")
    )
    for path in re.findall(rf"`((?:{rooms})/[\w./-]+)`", DOCUMENTS[document]):
        assert (ROOT / path).exists() or (ROOT / path).with_suffix(".py").exists(), path


def test_every_dependency_is_explained() -> None:
    asked = set()
    for name in ("serve", "learner", "dev", "bench", "notebook"):
        lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
        asked |= {re.split(r"[=<>\[]", line)[0] for line in lines if line and line[0].isalpha()}
    table = README[README.index("## Dependencies") :]
    explained = {name.strip() for row in table.splitlines() for name in row.split("|")[1:2] for name in name.split(",")}
    assert {name for name in asked if not name.startswith("types-") and name != "setuptools"} <= explained


@pytest.mark.parametrize("environment", ["serve", "gateway"])
def test_the_learners_packages_stay_out_of_what_serves(environment: str) -> None:
    lock = (ROOT / "requirements" / f"{environment}.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(fastapi|pydantic)\b", lock, re.MULTILINE)


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
