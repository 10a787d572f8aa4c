"""Training: reproducible, resumable to the same weights, never half-written, and able to learn."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits

from model.data.digits import NOT_A_DIGIT, Digits, split
from model.data.drawn_sets import joined
from model.errors import ArtifactError
from model.training.batches import network_logits
from model.training.checkpoints import LATER_FIELDS, load_checkpoint, network_of
from model.training.configuration import TrainingConfig
from model.training.loop import train

CONFIG = TrainingConfig(epochs=3, batch_size=64, seed=5)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads may add in another order; the digits of a sum then differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits() -> tuple[Digits, Digits]:
    """scikit-learn's 1,797 real digits, enlarged from 8x8 to the middle 24x24 of 28x28: (training, validation)."""
    bunch = load_digits()
    small = torch.from_numpy(bunch.images).float().unsqueeze(1) * 255 / 16
    large = torch.nn.functional.interpolate(small, size=24, mode="bilinear").squeeze(1).clamp(0, 255)
    images = torch.nn.functional.pad(large, (2, 2, 2, 2)).to(torch.uint8)
    return split(Digits(images, torch.from_numpy(bunch.target)), 300)


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(checkpoint)["average_weights"])


def assert_same_weights(one: Path, other: Path) -> None:
    for name, value in weights(one).items():
        assert torch.equal(value, weights(other)[name]), name


def interrupt(record: dict[str, float]) -> None:
    """Ctrl-C after the second epoch."""
    if record["epoch"] == 2:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def trained(digits: tuple[Digits, Digits], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(CONFIG, *digits, folder, data_hashes={"file": "hash"})
    return folder


def test_the_same_seed_gives_the_same_weights(trained: Path, digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    train(CONFIG, *digits, tmp_path)
    assert_same_weights(trained / "last.pt", tmp_path / "last.pt")


def test_another_seed_gives_other_weights(trained: Path, digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    train(replace(CONFIG, seed=6, epochs=1), *digits, tmp_path)
    name = "classifier.weight"
    assert not torch.equal(weights(trained / "last.pt")[name], weights(tmp_path / "last.pt")[name])


def test_an_interrupted_training_resumes_to_the_same_weights(
    trained: Path, digits: tuple[Digits, Digits], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, *digits, tmp_path, on_epoch=interrupt)
    assert len(load_checkpoint(tmp_path / "last.pt")["history"]) == 2
    train(CONFIG, *digits, tmp_path, resume=True)
    assert_same_weights(trained / "last.pt", tmp_path / "last.pt")


def test_a_run_folder_holds_checkpoints_and_history_and_nothing_half_written(trained: Path) -> None:
    assert sorted(path.name for path in trained.iterdir()) == ["best.pt", "history.json", "last.pt"]
    history = json.loads((trained / "history.json").read_text())
    assert history["config"]["seed"] == 5
    assert [record["epoch"] for record in history["epochs"]] == [1, 2, 3]
    assert history["epochs"][-1].keys() >= {"training_loss", "validation_loss", "validation_accuracy", "seconds"}
    assert load_checkpoint(trained / "best.pt")["data"] == {"file": "hash"}


def test_the_best_checkpoint_is_the_one_with_most_validation_digits_right_and_then_least_loss(
    trained: Path, digits: tuple[Digits, Digits]
) -> None:
    checkpoint = load_checkpoint(trained / "best.pt")
    history = load_checkpoint(trained / "last.pt")["history"]
    best = max(history, key=lambda record: (record["validation_accuracy"], -record["validation_loss"]))
    right = network_logits(network_of(checkpoint), digits[1].images).argmax(dim=1) == digits[1].labels
    assert right.float().mean().item() == pytest.approx(best["validation_accuracy"])
    assert checkpoint["history"][-1] == best


@pytest.mark.slow
def test_it_learns_to_read_digits(digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    train(replace(CONFIG, epochs=12, batch_size=32), *digits, tmp_path)
    history = load_checkpoint(tmp_path / "last.pt")["history"]
    assert history[-1]["training_loss"] < history[0]["training_loss"]
    assert max(record["validation_accuracy"] for record in history) > 0.95


@pytest.mark.slow
def test_it_learns_to_doubt_what_is_no_digit(digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    training, validation = digits
    noise = torch.randint(0, 256, (600, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    nothing = Digits(noise, torch.full((600,), NOT_A_DIGIT))
    train(replace(CONFIG, epochs=10, batch_size=32), joined([training, nothing[:500]]), validation, tmp_path)
    network = network_of(load_checkpoint(tmp_path / "best.pt"))
    confidence_of_noise, confidence_of_digits = (
        torch.softmax(network_logits(network, images), dim=1).max(dim=1).values.mean().item()
        for images in (nothing[500:].images, validation.images)
    )
    assert confidence_of_noise < 0.3
    assert confidence_of_digits > 0.7


def test_it_stops_early_when_nothing_improves(digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    # A learning rate of nearly zero leaves each epoch as good as the one before.
    train(replace(CONFIG, epochs=30, patience=2, learning_rate=1e-12), *digits, tmp_path)
    history = load_checkpoint(tmp_path / "last.pt")["history"]
    best = load_checkpoint(tmp_path / "best.pt")["history"]
    assert len(history) == len(best) + 2 < 30


def test_resuming_with_another_configuration_is_refused(trained: Path, digits: tuple[Digits, Digits]) -> None:
    with pytest.raises(ArtifactError, match=r"another configuration \(differs in: batch_size\)"):
        train(replace(CONFIG, batch_size=32), *digits, trained, resume=True)


def test_a_checkpoint_from_before_other_classes_tells_ten_apart(
    trained: Path, digits: tuple[Digits, Digits], tmp_path: Path
) -> None:
    checkpoint = load_checkpoint(trained / "last.pt")
    for name in LATER_FIELDS:
        del checkpoint["config"][name]
    torch.save(checkpoint, tmp_path / "last.pt")
    shutil.copy(trained / "best.pt", tmp_path)
    train(CONFIG, *digits, tmp_path, resume=True)
    assert network_logits(network_of(checkpoint), digits[1].images[:1]).shape == (1, 10)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"], ids=["empty", "text"])
def test_a_broken_checkpoint_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"last\.pt cannot be read as a checkpoint"):
        load_checkpoint(path)


def test_a_diverging_training_says_so(digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="diverged in epoch 1"):
        train(replace(CONFIG, learning_rate=1e30), *digits, tmp_path)


@pytest.mark.parametrize(("optimiser", "schedule", "rate"), [("sgd", "cosine", 0.03), ("adam", "plateau", 3e-3)])
def test_each_optimiser_and_schedule_learns_and_resumes_to_the_same_weights(
    optimiser: str, schedule: str, rate: float, digits: tuple[Digits, Digits], tmp_path: Path
) -> None:
    config = replace(CONFIG, network="bn_cnn", optimiser=optimiser, schedule=schedule, learning_rate=rate)
    train(config, *digits, tmp_path / "whole")
    history = load_checkpoint(tmp_path / "whole" / "last.pt")["history"]
    assert history[-1]["training_loss"] < 0.9 * history[0]["training_loss"]

    with pytest.raises(KeyboardInterrupt):
        train(config, *digits, tmp_path / "parts", on_epoch=interrupt)
    train(config, *digits, tmp_path / "parts", resume=True)
    assert_same_weights(tmp_path / "whole" / "last.pt", tmp_path / "parts" / "last.pt")


def test_a_student_learns_what_its_teacher_tells_rather_than_the_labels(
    digits: tuple[Digits, Digits], tmp_path: Path
) -> None:
    class Teacher(torch.nn.Module):
        """Sure that every picture shows a 3."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(torch.full((len(images),), 3), 10).float() * 20

    config = replace(CONFIG, network="tiny_vgg", epochs=1, distillation_weight=1.0, teacher="a hash")
    train(config, *digits, tmp_path, teacher=Teacher())
    network = network_of(load_checkpoint(tmp_path / "last.pt"))
    assert set(network_logits(network, digits[1].images).argmax(dim=1).tolist()) == {3}


def test_bfloat16_trains_to_float32_weights(digits: tuple[Digits, Digits], tmp_path: Path) -> None:
    few = Digits(digits[0].images[:384], digits[0].labels[:384])  # slow where the processor has no bfloat16 of its own
    train(replace(CONFIG, precision="bfloat16"), few, digits[1], tmp_path)
    checkpoint = load_checkpoint(tmp_path / "last.pt")
    assert {value.dtype for value in checkpoint["weights"].values()} == {torch.float32, torch.int64}
    assert checkpoint["history"][-1]["training_loss"] < checkpoint["history"][0]["training_loss"]


def test_pictures_are_varied_less_from_half_time_on() -> None:
    config = TrainingConfig(epochs=8, final_strength=0.4)
    rotations = [config.augmentation_in(epoch).rotation_degrees for epoch in range(1, 9)]
    assert rotations == pytest.approx([10, 10, 10, 10, 8.5, 7, 5.5, 4])
