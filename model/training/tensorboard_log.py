"""Keeps a TensorBoard log of a training while it runs: losses, accuracy, learning rate, what is learned from."""

from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.utils.tensorboard import SummaryWriter

from model.data.digits import Digits
from model.training.augmentation import Augmentation, augment
from model.training.batches import to_ink
from model.training.loop import Progress

FOLDER = "tensorboard"  # in the run folder
SAMPLES = 64
FLUSH_S = 5  # how soon a dashboard sees what was written
LIVE_STEPS = 20  # between values of the loss and the learning rate within an epoch


class TensorBoardLog:
    """Writes to `run_folder`/tensorboard; `make dashboard` opens it. Use as a context, so that nothing is lost."""

    def __init__(self, run_folder: Path, *, finished_steps: int = 0) -> None:
        """`finished_steps`: of the training that is resumed; what an interrupted epoch wrote after them is dropped."""
        self._writer = SummaryWriter(
            str(run_folder / FOLDER), purge_step=finished_steps + 1 if finished_steps else None, flush_secs=FLUSH_S
        )
        self._next_step = finished_steps

    def __enter__(self) -> "TensorBoardLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def flush(self) -> None:
        """Let a dashboard see now what was written."""
        self._writer.flush()

    def samples(self, training: Digits, augmentation: Augmentation) -> None:
        """Show pictures to learn from, as they are and as augmentation varies them."""
        chosen = torch.randperm(len(training), generator=Generator().manual_seed(0))[:SAMPLES]
        ink = to_ink(training.images[chosen])
        varied = augment(ink, augmentation, Generator().manual_seed(0))
        self._writer.add_images("pictures/as drawn", _sheet(ink), dataformats="HW")
        self._writer.add_images("pictures/augmented", _sheet(varied), dataformats="HW")

    def progress(self, progress: Progress) -> None:
        """Note the loss and the learning rate within an epoch."""
        if progress.step >= self._next_step:
            self._next_step = progress.step + LIVE_STEPS
            self._writer.add_scalar("within epochs/loss", progress.loss, progress.step)
            self._writer.add_scalar("within epochs/learning rate", progress.learning_rate, progress.step)

    def epoch(self, record: dict[str, float]) -> None:
        """Note what an epoch came to."""
        step = int(record["steps"])
        self._writer.add_scalar("loss/training", record["training_loss"], step)
        self._writer.add_scalar("loss/validation", record["validation_loss"], step)
        self._writer.add_scalar("validation accuracy", record["validation_accuracy"], step)
        self._writer.add_scalar("seconds an epoch", record["seconds"], step)


def _sheet(images: Tensor) -> Tensor:
    """Pictures (N, 1, H, W), N a square number, side by side as one of (sqrt N * H, sqrt N * W)."""
    n, _, height, width = images.shape
    side = round(n**0.5)
    return images.view(side, side, height, width).permute(0, 2, 1, 3).reshape(side * height, side * width)
