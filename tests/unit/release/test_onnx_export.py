"""The ONNX file computes what the TorchScript that it was made from computes, for any number of pictures."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, read_json, sha256_of, write_json
from model.data.digits import load_mnist
from model.errors import ArtifactError
from model.locations import RELEASED
from model.torchscript import compile_network, save_network
from model.training.batches import standardise, to_ink
from model.training.networks import create_network, list_networks
from release.archive import build_archive, is_stale
from release.onnx_export import INPUT, LARGEST_DIFFERENCE, ONNX_FILE, OPSET, PARITY_BATCHES, check_onnx, export_onnx

RELEASED_ONNX = RELEASED / ONNX_FILE


@pytest.fixture(scope="module")
def noise() -> Tensor:
    return torch.randint(0, 256, (129, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A copy of the released files, to be damaged."""
    return Path(shutil.copytree(RELEASED, tmp_path / "released"))


def other_network(released: Path, name: str = "digit_cnn") -> None:
    """Put an untrained network in the place of the released one."""
    torch.manual_seed(0)
    save_network(compile_network(create_network(name).eval()), released / MODEL_FILE)
    metadata = read_json(released / METADATA_FILE)
    metadata["torchscript"]["sha256"] = sha256_of(released / MODEL_FILE)
    write_json(released / METADATA_FILE, metadata)


def test_the_released_file_computes_what_the_released_network_does(data_root: Path) -> None:
    images = load_mnist(data_root, train=False).images
    assert LARGEST_DIFFERENCE == 1e-5
    assert {1, 2, 7, 64, 129} <= set(PARITY_BATCHES)
    assert check_onnx(RELEASED_ONNX, RELEASED, images) <= LARGEST_DIFFERENCE


def test_the_released_file_tells_what_it_is() -> None:
    network = onnx.load(RELEASED_ONNX)
    properties = {entry.key: entry.value for entry in network.metadata_props}
    metadata = read_json(RELEASED / METADATA_FILE)
    assert properties["torchscript_sha256"] == sha256_of(RELEASED / MODEL_FILE)
    assert (properties["model"], properties["version"]) == (metadata["model"], metadata["version"])
    assert properties["preprocessing"] == metadata["preprocessing"]["version"]
    assert json.loads(properties["labels"]) == list("0123456789")
    assert [one.version for one in network.opset_import] == [OPSET]
    assert not any(word in RELEASED_ONNX.read_bytes() for word in (b"site-packages", b"__torch__"))


def test_its_inputs_and_outputs_are_those_of_the_card() -> None:
    session = onnxruntime.InferenceSession(RELEASED_ONNX, providers=["CPUExecutionProvider"])
    [images], [logits] = session.get_inputs(), session.get_outputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(float)", ["N", 1, 28, 28])
    assert (logits.name, logits.type, logits.shape) == ("logits", "tensor(float)", ["N", 10])


def test_the_same_pair_gives_the_same_bytes(released: Path, noise: Tensor) -> None:
    first = export_onnx(released, noise).read_bytes()
    assert export_onnx(released, noise).read_bytes() == first
    assert not list(released.glob(".*"))


@pytest.mark.parametrize("name", sorted(list_networks()))
def test_every_network_is_exported(released: Path, noise: Tensor, name: str) -> None:
    other_network(released, name)
    assert check_onnx(export_onnx(released, noise), released, noise) <= LARGEST_DIFFERENCE


def test_a_file_of_another_network_is_refused(released: Path, noise: Tensor) -> None:
    other_network(released)
    with pytest.raises(ArtifactError, match=r"mnist\.onnx was made from a mnist\.pt of SHA-256 .*; write it anew"):
        check_onnx(released / ONNX_FILE, released, noise)


def test_a_file_whose_weights_differ_is_refused_and_not_written(
    released: Path, noise: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = onnx.load(RELEASED_ONNX)
    [bias] = [node.attribute[0].t for node in network.graph.node if node.output[0] == network.graph.node[-1].input[2]]
    bias.raw_data = (np.frombuffer(bias.raw_data, np.float32) + np.float32(1e-3)).tobytes()
    onnx.save(network, released / "other.onnx")
    with pytest.raises(ArtifactError, match=r"the logits of other\.onnx differ from TorchScript's by 1\.0e-03"):
        check_onnx(released / "other.onnx", released, noise)
    monkeypatch.setattr("release.onnx_export.LARGEST_DIFFERENCE", -1.0)
    before = RELEASED_ONNX.read_bytes()
    with pytest.raises(ArtifactError, match="differ from TorchScript's by"):
        export_onnx(released, noise)
    assert (released / ONNX_FILE).read_bytes() == before


def test_one_picture_is_enough_to_check_every_batch_with(noise: Tensor) -> None:
    assert check_onnx(RELEASED_ONNX, RELEASED, noise[:1]) <= LARGEST_DIFFERENCE


def test_a_file_names_the_labels_of_own_classes(released: Path, noise: Tensor) -> None:
    letters = list("ABCDEFHKMÄ")
    write_json(released / LABELS_FILE, {str(index): letter for index, letter in enumerate(letters)})
    properties = {entry.key: entry.value for entry in onnx.load(export_onnx(released, noise)).metadata_props}
    assert json.loads(properties["labels"]) == letters


def test_a_pair_that_does_not_belong_together_is_not_exported(released: Path, noise: Tensor) -> None:
    (released / MODEL_FILE).write_bytes(b"another network")
    with pytest.raises(ArtifactError, match=r"mnist\.pt is not the network that mnist\.json describes"):
        export_onnx(released, noise)


def test_an_archive_does_not_become_stale_by_it(released: Path, tmp_path: Path) -> None:
    archive = build_archive(tmp_path / "mnist.mar", released)
    later = archive.stat().st_mtime + 10
    os.utime(released / ONNX_FILE, (later, later))
    assert not is_stale(archive, released)


def test_the_input_is_normalised_as_the_card_says() -> None:
    card = (RELEASED / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"`{INPUT}`" in card and "less 0.1307, divided by 0.3081" in card
    ink = to_ink(torch.tensor([[[0, 255]]], dtype=torch.uint8))
    assert torch.allclose(standardise(ink).flatten(), (torch.tensor([0.0, 1.0]) - 0.1307) / 0.3081)
