"""The log: what TensorBoard shows of a training, while it runs and after it was taken up again."""

from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model.data.digits import Digits
from model.training.augmentation import Augmentation
from model.training.loop import Progress
from model.training.tensorboard_log import FOLDER, LIVE_STEPS, TensorBoardLog


def record(epoch: int, steps: int) -> dict[str, float]:
    return {
        "epoch": epoch,
        "steps": steps,
        "training_loss": 1 / epoch,
        "validation_loss": 0.5 / epoch,
        "validation_accuracy": 1 - 0.1 / epoch,
        "learning_rate": 0.1,
        "seconds": 2.0,
    }


def progress(step: int) -> Progress:
    return Progress(1, 2, 0.5, step, loss=0.7, learning_rate=0.01, seconds_left=10)


def shown(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder / FOLDER)).Reload()


def test_it_shows_losses_accuracy_learning_rate_and_pictures(tmp_path: Path) -> None:
    images = torch.randint(0, 256, (80, 28, 28), dtype=torch.uint8)
    with TensorBoardLog(tmp_path) as log:
        log.samples(Digits(images, torch.zeros(80)), Augmentation())
        for step in range(1, 2 * LIVE_STEPS + 1):
            log.progress(progress(step))
        log.epoch(record(1, 2 * LIVE_STEPS))
    events = shown(tmp_path)
    assert set(events.Tags()["images"]) == {"pictures/as drawn", "pictures/augmented"}
    assert [(e.step, e.value) for e in events.Scalars("validation accuracy")] == [(40, pytest.approx(0.9))]
    assert [e.value for e in events.Scalars("loss/validation")] == [0.5]
    assert [e.step for e in events.Scalars("within epochs/learning rate")] == [1, 1 + LIVE_STEPS]


def test_a_running_training_can_be_watched(tmp_path: Path) -> None:
    with TensorBoardLog(tmp_path) as log:
        log.epoch(record(1, 10))
        log.flush()
        assert len(shown(tmp_path).Scalars("loss/training")) == 1


def test_what_an_interrupted_epoch_wrote_is_dropped_when_training_goes_on(tmp_path: Path) -> None:
    with TensorBoardLog(tmp_path) as log:
        log.epoch(record(1, 100))
        log.progress(progress(150))
    with TensorBoardLog(tmp_path, finished_steps=100) as log:
        log.progress(progress(101))
        log.epoch(record(2, 200))
    events = shown(tmp_path)
    assert [e.step for e in events.Scalars("loss/training")] == [100, 200]
    assert [e.step for e in events.Scalars("within epochs/loss")] == [101]
