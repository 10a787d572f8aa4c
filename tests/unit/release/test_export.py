"""Export: the TorchScript computes what the network computes, and the metadata says where it comes from."""

import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, labels_sha256, read_labels, sha256_of
from model.data.digits import Digits
from model.errors import ArtifactError
from model.preprocessing.digit import digit_image
from model.recogniser import Recogniser
from model.torchscript import FusedNetwork, compile_network, load_network
from model.training.batches import network_logits
from model.training.checkpoints import CHECKPOINT_FORMAT, network_of
from model.training.configuration import TrainingConfig
from model.training.networks import create_network
from release.export import LARGEST_DIFFERENCE, check_parity, export
from tests.drawing import DIGITS, draw_digit

LABELS = Path(__file__).parents[3] / "index_to_name.json"


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Each digit drawn with five pens."""
    drawn = [digit_image(draw_digit(d, width=w)) for w in (8, 12, 16, 20, 24) for d in DIGITS]
    return Digits(torch.from_numpy(np.stack(drawn)), torch.arange(50) % 10)


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Any]:
    """A checkpoint of an untrained network with normalisation statistics that are not the trivial ones."""
    torch.manual_seed(0)
    network = create_network("digit_cnn")
    network(torch.randn(64, 1, 28, 28))
    return {
        "format": CHECKPOINT_FORMAT,
        "config": asdict(TrainingConfig()),
        "data": {"train-images-idx3-ubyte": "0123"},
        "history": [{"epoch": 1, "seconds": 12.3}],
        "average_weights": network.state_dict(),
    }


@pytest.fixture(scope="module")
def exported(checkpoint: dict[str, Any], digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    export(checkpoint, {"validation": digits}, {"test": digits}, {"letters": digits}, folder, commit="abc")
    return folder


def test_the_exported_network_computes_what_the_eager_one_does(
    exported: Path, checkpoint: dict[str, Any], digits: Digits
) -> None:
    script, eager = load_network(exported / MODEL_FILE), network_of(checkpoint)
    for n in (1, 3, 8, 9, 50):
        difference = network_logits(script, digits.images[:n]) - network_logits(eager, digits.images[:n])
        assert difference.abs().max() <= LARGEST_DIFFERENCE


@pytest.mark.skipif(platform.machine() != "x86_64", reason="oneDNN Graph is built into PyTorch for x86 only")
def test_the_exported_network_is_fused_where_it_is_read(exported: Path, digits: Digits) -> None:
    network = load_network(exported / MODEL_FILE)
    for n in range(1, FusedNetwork.LARGEST_PASS + 1):
        network_logits(network, digits.images[:n])
        kinds = [node.kind() for node in torch._C._last_executed_optimized_graph().nodes()]
        assert "prim::oneDNNFusionGuard" in kinds
        assert "aten::conv2d" not in kinds
    assert not torch._C._jit_llga_enabled()


def test_a_network_that_computes_something_else_is_refused(checkpoint: dict[str, Any], digits: Digits) -> None:
    network = network_of(checkpoint)
    script = compile_network(network)
    assert check_parity(network, script, digits.images) <= LARGEST_DIFFERENCE
    weights = checkpoint["average_weights"]
    changed = weights | {"classifier.bias": weights["classifier.bias"] + 1e-3}
    with pytest.raises(ArtifactError, match=r"differ from the eager network's by 1\.0e-03"):
        check_parity(network_of(checkpoint | {"average_weights": changed}), script, digits.images)


def test_the_metadata_tells_where_the_network_comes_from(exported: Path) -> None:
    metadata = json.loads((exported / METADATA_FILE).read_text())
    assert metadata["torchscript"]["sha256"] == sha256_of(exported / MODEL_FILE)
    assert metadata["architecture"]["network"] == "digit_cnn"
    assert metadata["training"]["config"]["seed"] == TrainingConfig().seed
    assert metadata["data"] == {"train-images-idx3-ubyte": "0123"}
    assert metadata["commit"] == "abc"
    assert metadata["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    assert metadata["metrics"]["test"]["n"] == metadata["metrics"]["validation"]["n"] == 50
    assert 0 <= metadata["refused_nondigits"]["letters"] <= 1
    assert not (exported / LABELS_FILE).exists(), "the digits' labels are the repository's"


def test_the_exported_pair_loads_and_answers(exported: Path, digits: Digits) -> None:
    recogniser = Recogniser.load(exported / MODEL_FILE, exported / METADATA_FILE, LABELS)
    (reading,) = recogniser.read(np.zeros((1, 28, 28), dtype=np.uint8))
    assert sorted(reading.probabilities) == [str(d) for d in range(10)]
    assert list(reading.probabilities.values()) == sorted(reading.probabilities.values(), reverse=True)
    assert sum(reading.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert reading.confidence == reading.probabilities[reading.label] == max(reading.probabilities.values())


def test_labels_of_own_classes_travel_with_the_network(
    checkpoint: dict[str, Any], digits: Digits, tmp_path: Path
) -> None:
    letters = list("ABC")
    network = create_network("tiny_vgg", classes=3)
    own = checkpoint | {
        "config": asdict(TrainingConfig(network="tiny_vgg", classes=3, labels=labels_sha256(letters))),
        "average_weights": network.state_dict(),
    }
    three = digits[digits.labels < 3]
    metadata = export(own, {"validation": three}, {}, {}, tmp_path, labels=letters)
    assert metadata["architecture"]["classes"] == 3
    assert metadata["architecture"]["output"] == "logits (N, 3)"
    recogniser = Recogniser.load_folder(tmp_path)
    assert set(recogniser.read(np.zeros((1, 28, 28), dtype=np.uint8))[0].probabilities) == set(letters)
    with pytest.raises(ArtifactError, match="trained on other labels than these, or in another order"):
        export(own, {"validation": three}, {}, {}, tmp_path, labels=list("ACB"))
    with pytest.raises(ArtifactError, match="trained on classes of its own; name their --pictures and --labels"):
        export(own, {"validation": three}, {}, {}, tmp_path)
    with pytest.raises(ArtifactError, match="trained on the digits"):
        export(checkpoint, {"validation": digits}, {}, {}, tmp_path, labels=letters)
    assert read_labels(tmp_path / LABELS_FILE) == letters
    export(checkpoint, {"validation": digits}, {}, {}, tmp_path)
    assert read_labels(tmp_path / LABELS_FILE) == read_labels(LABELS), "the letters' are not left behind"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        (MODEL_FILE, None, r"mnist\.pt is missing"),
        (MODEL_FILE, b"other bytes", r"mnist\.pt is not the network that mnist\.json describes"),
        (METADATA_FILE, None, r"mnist\.json is missing"),
        (METADATA_FILE, b"{", r"mnist\.json is not JSON"),
        (METADATA_FILE, b"{}", r"mnist\.json has metadata format None; this code reads format 2"),
    ],
)
def test_a_pair_that_does_not_belong_together_is_refused(
    exported: Path, tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    for file in (MODEL_FILE, METADATA_FILE):
        (tmp_path / file).write_bytes((exported / file).read_bytes())
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ArtifactError, match=complaint):
        Recogniser.load(tmp_path / MODEL_FILE, tmp_path / METADATA_FILE, LABELS)


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ('{"0": "zero"}', "names 1 classes, the network has 10"),
        ('{"1": "one"}', "must map each class index"),
        ('["0"]', "must map each class index"),
    ],
)
def test_labels_that_do_not_fit_the_network_are_refused(
    exported: Path, tmp_path: Path, labels: str, complaint: str
) -> None:
    path = tmp_path / "index_to_name.json"
    path.write_text(labels)
    with pytest.raises(ArtifactError, match=complaint):
        Recogniser.load(exported / MODEL_FILE, exported / METADATA_FILE, path)


def test_a_network_of_another_preprocessing_is_refused(exported: Path, tmp_path: Path) -> None:
    metadata = json.loads((exported / METADATA_FILE).read_text())
    metadata["preprocessing"]["version"] = "0"
    (tmp_path / METADATA_FILE).write_text(json.dumps(metadata))
    with pytest.raises(ArtifactError, match="was trained with preprocessing 0, this code has 4"):
        Recogniser.load(exported / MODEL_FILE, tmp_path / METADATA_FILE, LABELS)
