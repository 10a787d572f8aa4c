"""One whole training run, from the data's folder to the best checkpoint, alone or among several processes."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from model.data.own_classes import OwnClasses
from model.data.parallel import silent
from model.training.checkpoints import finished_steps
from model.training.configuration import TrainingConfig
from model.training.devices import join_processes
from model.training.loop import Progress, train
from model.training.pictures import data_hashes, draw_digits, draw_own_classes, training_pictures
from model.training.tensorboard_log import TensorBoardLog


@dataclass(frozen=True)
class Observers:
    """Called back during a training run; only the first of several processes does it.

    Attributes:
        on_drawn: with the number of pictures just drawn.
        on_start: once, with the numbers of training pictures, of validation pictures and of processes.
        on_progress: a few times a second.
        on_epoch: with each epoch's record.
    """

    on_drawn: Callable[[int], object] = silent
    on_start: Callable[[int, int, int], object] = lambda training, validation, processes: None
    on_progress: Callable[[Progress], object] = lambda progress: None
    on_epoch: Callable[[dict[str, float]], object] = lambda record: None


def train_from_data(
    data: Path,
    config: TrainingConfig,
    run_folder: Path,
    *,
    own: OwnClasses | None = None,
    corrections: Sequence[Path] = (),
    resume: bool = False,
    device: torch.device,
    teacher: nn.Module | None = None,
    observers: Observers = Observers(),
) -> Path | None:
    """Draw the pictures of `data`, train on them and log to TensorBoard; see `model.training.loop.train`.

    Args:
        data: folder that holds MNIST/raw and pendigits, or that they are downloaded to.
        config: all that decides the weights.
        run_folder: for checkpoints, history, log and pictures.
        own: classes to learn in the place of the digits; `config` tells how many, and which labels.
        corrections: zip files that the page exported, to learn from too.
        resume: go on from the run folder's last checkpoint, on the pictures drawn then.
        device: what computes.
        teacher: a trained network to learn from beside the labels.
        observers: called back.

    Returns:
        The best checkpoint; None in every process but the first.

    Raises:
        DataError: data or corrections are missing or broken.
        ArtifactError: the checkpoint to resume from is broken or of another configuration, or training diverged.
    """
    with join_processes(device) as processes:
        draw = partial(draw_own_classes, own) if own else partial(draw_digits, data)
        training, validation = training_pictures(
            run_folder, partial(draw, config, corrections, observers.on_drawn), processes, resume=resume
        )
        steps = finished_steps(run_folder) if resume else 0
        with TensorBoardLog(run_folder, finished_steps=steps) if processes.is_first else nullcontext() as log:
            if log:
                observers.on_start(len(training), len(validation), processes.count)
                log.samples(training, config.augmentation)

            def on_progress(progress: Progress) -> None:
                if log:
                    log.progress(progress)
                observers.on_progress(progress)

            def on_epoch(record: dict[str, float]) -> None:
                if log:
                    log.epoch(record)
                observers.on_epoch(record)

            best = train(
                config,
                training,
                validation,
                run_folder,
                resume=resume,
                device=device,
                processes=processes,
                teacher=teacher,
                data_hashes=data_hashes(data, config, corrections, own),
                on_progress=on_progress,
                on_epoch=on_epoch,
            )
        return best if processes.is_first else None
