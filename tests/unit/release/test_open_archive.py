"""What is measured is what is served: the archive's own network, and no preprocessing but the one packed with it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.torchserve import repacked
from model.artifacts import METADATA_FILE, MODEL_FILE, sha256_of
from model.errors import ArtifactError
from model.locations import RELEASED
from release.archive import build_archive
from release.open_archive import open_model


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("store") / "mnist.mar")


def test_an_archive_answers_as_the_pair_that_it_was_packed_from(archive: Path) -> None:
    packed, told = open_model(archive)
    pair, told_of_pair = open_model(RELEASED / MODEL_FILE)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    assert np.array_equal(packed.probabilities(images), pair.probabilities(images))
    assert told["file"] == "mnist.mar"
    assert told["sha256"] == sha256_of(archive)
    assert told["network_sha256"] == told_of_pair["network_sha256"] == told_of_pair["sha256"]


@pytest.mark.parametrize("name", ["model/preprocessing/ink.py", "model/released/ink.pt"])
@pytest.mark.parametrize("content", [b"print('another')", None], ids=["other", "missing"])
def test_an_archive_with_another_preprocessing_is_refused(
    archive: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    other = repacked(archive, {name: content}, tmp_path / "other.mar")
    with pytest.raises(ArtifactError, match=f"another {name} than this checkout; rebuild it"):
        open_model(other)


def test_an_archive_whose_network_was_swapped_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not the network"):
        open_model(repacked(archive, {MODEL_FILE: b"another network"}, tmp_path / "other.mar"))


def test_a_network_may_have_another_name_beside_its_metadata(tmp_path: Path) -> None:
    shutil.copy(RELEASED / MODEL_FILE, tmp_path / "tried.pt")
    shutil.copy(RELEASED / METADATA_FILE, tmp_path / "tried.json")
    assert open_model(tmp_path / "tried.pt")[1]["file"] == "tried.pt"
