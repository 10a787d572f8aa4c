"""The pictures of a training on own classes: theirs, some of none, and corrections by their labels."""

from pathlib import Path
from typing import Any

import pytest
import torch

from model.artifacts import labels_sha256, sha256_of
from model.data.digits import NOT_A_DIGIT
from model.data.own_classes import OwnClasses, read_own_classes
from model.errors import ArtifactError
from model.training import pictures
from model.training.checkpoints import load_teacher
from model.training.configuration import TrainingConfig
from model.training.loop import train
from model.training.pictures import check_pictures, data_hashes, draw_own_classes
from tests.exports import NAMES, entry, write_export
from tests.own_classes import SHAPES, shape_samples, write_labels, write_strokes


@pytest.fixture
def own(tmp_path: Path) -> OwnClasses:
    path = write_strokes(tmp_path / "strokes.npz", shape_samples())
    return read_own_classes(path, write_labels(tmp_path / "labels.json", SHAPES))


def config_of(own: OwnClasses, **values: Any) -> TrainingConfig:
    return TrainingConfig(
        classes=len(own.labels), labels=labels_sha256(own.labels), nondigit_kinds="scribbles", seed=1, **values
    )


def test_own_classes_are_learned_beside_a_third_as_many_scribbles_and_no_letters(
    own: OwnClasses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "nondigits", None)  # would draw letters
    training, validation = draw_own_classes(own, config_of(own, pen_variants=2))
    counts = torch.bincount(training.labels - NOT_A_DIGIT).tolist()
    assert counts[1:] == [24, 24, 24]
    assert 20 <= counts[0] <= 24, "some come out blank"
    assert set(validation.labels.tolist()) == {0, 1, 2}
    again, _ = draw_own_classes(own, config_of(own, pen_variants=2))
    assert torch.equal(again.images, training.images)
    alone, _ = draw_own_classes(own, config_of(own, pen_variants=0, nondigits=0))
    assert torch.bincount(alone.labels).tolist() == [12, 12, 12]


def test_corrections_of_own_classes_are_learned(own: OwnClasses, tmp_path: Path) -> None:
    entries = [entry(correction="bar"), entry(picture=NAMES[1], correction="none")]
    export = write_export(tmp_path / "corrections.zip", entries)
    config = config_of(own, pen_variants=1, nondigits=0, correction_repeats=3)
    training, _ = draw_own_classes(own, config, [export])
    counts = torch.bincount(training.labels - NOT_A_DIGIT).tolist()
    assert counts == [3, 12, 12, 15]
    hashes = data_hashes(tmp_path, config, [export], own)
    assert hashes == {"pictures": own.sha256, "corrections.zip": sha256_of(export)}


def test_a_checkpoint_knows_its_labels_and_pictures(own: OwnClasses, tmp_path: Path) -> None:
    config = config_of(own, pen_variants=1, network="tiny_vgg", epochs=1, batch_size=8)
    best = train(config, *draw_own_classes(own, config), tmp_path / "run", data_hashes={"pictures": own.sha256})
    assert load_teacher(best, own.labels)(torch.zeros(1, 1, 28, 28)).shape == (1, 3)
    checkpoint = torch.load(best, weights_only=True)
    check_pictures(checkpoint, own)
    with pytest.raises(ArtifactError, match="trained on classes of its own"):
        check_pictures(checkpoint, None)
    with pytest.raises(ArtifactError, match="trained on other labels"):
        load_teacher(best, ["bar", "ring", "seven"])
    other = write_strokes(tmp_path / "other.npz", shape_samples(each=3))
    with pytest.raises(ArtifactError, match="trained on other pictures than these"):
        check_pictures(checkpoint, read_own_classes(other, tmp_path / "labels.json"))
