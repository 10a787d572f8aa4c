"""Exporting the ink network: the pair computes what was trained, and is refused where it is broken."""

from pathlib import Path

import numpy as np
import pytest
import torch

from model.artifacts import INK_FILE, INK_METADATA_FILE
from model.errors import ArtifactError
from model.preprocessing.segmentation import InkSegmenter
from model.preprocessing.views import View, planes
from model.training.ink.loop import CHECKPOINT_FORMAT, InkConfig
from model.training.ink.network import InkNetwork
from release.ink_export import export_ink
from tests.drawing import draw_digit


@pytest.fixture(scope="module")
def network() -> InkNetwork:
    torch.manual_seed(3)
    return InkNetwork().eval()


@pytest.fixture(scope="module")
def exported(network: InkNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoint = {
        "format": CHECKPOINT_FORMAT,
        "config": vars(InkConfig()),
        "data": {"file": "0" * 64},
        "history": [{"step": 1, "seconds": 2.0, "validation_dice": 0.5}],
        "average_weights": network.state_dict(),
    }
    folder = tmp_path_factory.mktemp("released")
    metadata = export_ink(checkpoint, folder, commit="abc")
    assert metadata["commit"] == "abc"
    assert 1e6 < metadata["architecture"]["multiply_adds"] < 2e7
    return folder


def test_the_released_network_gives_the_ink_of_the_trained_one(exported: Path, network: InkNetwork) -> None:
    segmenter = InkSegmenter.load_folder(exported)
    for digit in range(10):
        grey = np.asarray(draw_digit(digit, size=(280, 200)).convert("L"))
        with torch.inference_mode():
            expected = torch.sigmoid(network(torch.from_numpy(planes(View.of(grey).square)[np.newaxis])))[0, 0] * 255
        view = View.of(grey)
        found = segmenter.ink(grey)
        assert found.shape == (69, 96)
        assert np.abs(found - expected.numpy()[view.rows, view.columns]).max() <= 1


def test_the_same_picture_gives_the_same_ink_from_the_first_time_on(exported: Path) -> None:
    grey = np.asarray(draw_digit(5).convert("L"))
    first, *others = (InkSegmenter.load_folder(exported).ink(grey) for _ in range(2))
    segmenter = InkSegmenter.load_folder(exported)
    assert all(np.array_equal(first, other) for other in [*others, *(segmenter.ink(grey) for _ in range(4))])


def test_a_network_that_is_missing_or_another_is_refused(exported: Path, tmp_path: Path) -> None:
    (tmp_path / INK_METADATA_FILE).write_bytes((exported / INK_METADATA_FILE).read_bytes())
    with pytest.raises(ArtifactError, match="is missing or is not the network"):
        InkSegmenter.load_folder(tmp_path)
    (tmp_path / INK_FILE).write_bytes(b"another")
    with pytest.raises(ArtifactError, match="is missing or is not the network"):
        InkSegmenter.load_folder(tmp_path)
    with pytest.raises(ArtifactError, match=r"ink\.json is missing"):
        InkSegmenter.load_folder(tmp_path / "nowhere")
