"""What the page is told is read from the archive that is served."""

import json
from pathlib import Path

import pytest

from benchmarks.torchserve import repacked
from model.artifacts import LABELS_FILE, METADATA_FILE
from model.locations import RELEASED
from release.archive import build_archive
from release.archive_digest import read_checked
from serving.model_description import describe


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("store") / "mnist.mar")


def test_the_released_model_has_its_labels_metadata_and_card(archive: Path) -> None:
    model = describe(read_checked(archive))
    assert (model.version, model.labels) == ("1.0", list("0123456789"))
    assert model.files == {
        "model.json": (RELEASED / METADATA_FILE).read_bytes(),
        "MODEL_CARD.md": (RELEASED / "MODEL_CARD.md").read_bytes(),
    }


def test_another_model_has_its_own_labels_and_metadata_and_not_the_released_card(archive: Path, tmp_path: Path) -> None:
    labels = {str(index): letter for index, letter in reversed(list(enumerate("ABCDEFHKMXYZ")))}
    other = repacked(archive, {LABELS_FILE: json.dumps(labels), METADATA_FILE: '{"model": "own"}'}, tmp_path / "o.mar")
    model = describe(read_checked(other))
    assert model.labels == list("ABCDEFHKMXYZ")
    assert model.files == {"model.json": b'{"model": "own"}'}
