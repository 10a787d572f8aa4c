"""Trains a network on digits: from a configuration to checkpoints that resume and a history that tells how it went.

Leaves the data to `model.data`, the machine to `model.training.devices`, and everything after the last epoch to
`release.export`.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.artifacts import write_atomically, write_json
from model.data.digits import NOT_A_DIGIT, Digits
from model.errors import ArtifactError
from model.training.augmentation import Augmentation, augment
from model.training.batches import network_logits, standardise, to_ink
from model.training.checkpoints import BEST, LAST, Run, checkpoint_of, restore
from model.training.configuration import TrainingConfig
from model.training.devices import Processes
from model.training.networks import create_network
from model.training.optimisation import average_weights, create_optimiser, create_schedule

PROGRESS_INTERVAL_S = 0.2
_CPU = torch.device("cpu")
_ALONE = Processes()


@dataclass(frozen=True)
class Progress:
    """How far training is: shown to whoever waits for it."""

    epoch: int  # from 1
    epochs: int
    share: float  # of this epoch, in [0, 1]
    step: int  # of the whole training, from 1
    loss: float  # running mean of this epoch's training loss
    learning_rate: float
    seconds_left: float  # of the whole training


def train(
    config: TrainingConfig,
    training: Digits,
    validation: Digits,
    run_folder: Path,
    *,
    resume: bool = False,
    device: torch.device = _CPU,
    processes: Processes = _ALONE,
    teacher: nn.Module | None = None,
    data_hashes: dict[str, str] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, float]], None] = lambda record: None,
) -> Path:
    """Train and return the path of the best checkpoint.

    After every epoch `last.pt` (to resume), `best.pt` (most validation digits right, then least loss) and
    `history.json` are replaced atomically in `run_folder`. Every epoch seeds its random numbers by the seed and its own
    number, so a resumed training ends with the weights of one that was never interrupted.

    Args:
        config: all that decides the weights; kept in the checkpoint.
        training: digits to learn from.
        validation: digits to choose the best epoch by.
        run_folder: created if missing.
        resume: go on from `last.pt` where there is one; its configuration must be the same.
        device: what computes.
        processes: this process among those that train together; only the first validates, writes and calls back.
        teacher: a trained network whose probabilities are learned beside the labels; `config.teacher` tells which.
        data_hashes: SHA-256 of the data's files, kept in the checkpoint.
        on_progress: called a few times a second.
        on_epoch: called with each epoch's record.

    Raises:
        ArtifactError: the checkpoint to resume from is broken or of another configuration, or training diverged.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    last, best = run_folder / LAST, run_folder / BEST
    trainer = _Trainer(config, training, device, processes, teacher)
    run = trainer.run
    if resume and last.exists():
        restore(run, last, config)
    while len(run.history) < config.epochs and not _has_stalled(run.history, config.patience):
        record = trainer.train_epoch(on_progress if processes.is_first else lambda progress: None)
        if processes.is_first:
            record |= _validate(run.average.module, validation, device)
        record = processes.from_first(record)
        run.schedule.end_epoch(record["validation_loss"])
        run.history.append(record)
        if processes.is_first:
            checkpoint = checkpoint_of(run, asdict(config), data_hashes or {})
            if _best_epoch(run.history) == len(run.history):
                write_atomically(best, partial(torch.save, checkpoint))
            write_atomically(last, partial(torch.save, checkpoint))
            write_json(run_folder / "history.json", {"config": asdict(config), "epochs": run.history})
            on_epoch(record)
    return best


class _Trainer:
    """Trains one network, epoch by epoch."""

    def __init__(
        self,
        config: TrainingConfig,
        training: Digits,
        device: torch.device,
        processes: Processes,
        teacher: nn.Module | None,
    ) -> None:
        self.config, self.training, self.device, self.processes = config, training, device, processes
        torch.manual_seed(config.seed)
        network = _channels_last(create_network(config.network, config.classes), device)
        self.teacher = _channels_last(teacher, device).eval() if teacher else None
        optimiser = create_optimiser(config.optimiser, network, config.learning_rate, config.weight_decay)
        self.steps_per_epoch = sum(1 for _ in self._parts(torch.arange(len(training))))
        schedule = create_schedule(config.schedule, optimiser, config.epochs * self.steps_per_epoch)
        self.run = Run(network, average_weights(network, config.average_decay), optimiser, schedule)
        self._forward = processes.parallel(network)

    def train_epoch(self, on_progress: Callable[[Progress], None]) -> dict[str, float]:
        """Learn from all digits once; returns the epoch's record without its validation."""
        run, config = self.run, self.config
        epoch = len(run.history) + 1
        common = config.seed * 1_000_003 + epoch  # all processes take the same order, each its own random numbers
        seed = common * self.processes.count + self.processes.rank
        torch.manual_seed(seed)  # for dropout
        rng = Generator(self.device).manual_seed(seed)
        order = torch.randperm(len(self.training), generator=Generator().manual_seed(common))
        run.network.train()
        augmentation = config.augmentation_in(epoch)
        started, reported, total = time.monotonic(), 0.0, torch.zeros((), device=self.device)
        for step, (mine, batch_size) in enumerate(self._parts(order), start=1):
            total += self._learn(self.training[mine].to(self.device), batch_size, augmentation, rng)
            elapsed = time.monotonic() - started
            if elapsed - reported > PROGRESS_INTERVAL_S or step == self.steps_per_epoch:
                reported, share, loss = elapsed, step / self.steps_per_epoch, float(total) / step
                if not math.isfinite(loss):
                    raise ArtifactError(f"training diverged in epoch {epoch} (loss {loss}); lower the learning rate")
                left = elapsed / share * (config.epochs - epoch + 1 - share)
                step_of_all = (epoch - 1) * self.steps_per_epoch + step
                rate = float(run.optimiser.param_groups[0]["lr"])
                on_progress(Progress(epoch, config.epochs, share, step_of_all, loss, rate, left))
        return {
            "epoch": epoch,
            "steps": epoch * self.steps_per_epoch,
            "training_loss": loss,
            "learning_rate": rate,
            "seconds": time.monotonic() - started,
        }

    def _learn(self, batch: Digits, batch_size: int, augmentation: Augmentation, rng: Generator) -> Tensor:
        """One step on this process's part of a batch of `batch_size` pictures; returns the loss."""
        run = self.run
        images = standardise(augment(to_ink(batch.images), augmentation, rng))
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            logits = self._forward(images)
            with torch.no_grad():
                teacher_logits = self.teacher(images) if self.teacher else None
        loss = _summed_loss(logits.float(), batch.labels, self.config)
        if teacher_logits is not None:
            weight = self.config.distillation_weight
            loss = (1 - weight) * loss + weight * _summed_distillation(
                logits.float(), teacher_logits.float(), self.config
            )
        # Gradients are averaged over the processes, each of whose parts is about one of `count`.
        loss = loss * (self.processes.count / batch_size)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.optimiser.step()
        run.schedule.end_step()
        run.average.update_parameters(run.network)
        return loss.detach()

    def _parts(self, order: Tensor) -> Iterator[tuple[Tensor, int]]:
        """This process's part of each batch, and how many pictures the whole batch has."""
        for indices in order.split(self.config.batch_size):
            if len(indices) >= 2 * self.processes.count:  # batch normalisation cannot learn from a batch of one
                yield indices[self.processes.rank :: self.processes.count], len(indices)


def _summed_loss(logits: Tensor, labels: Tensor, config: TrainingConfig) -> Tensor:
    """Cross-entropy; for non-digits the target is the uniform distribution (outlier exposure)."""
    loss = F.cross_entropy(
        logits, labels, ignore_index=NOT_A_DIGIT, label_smoothing=config.label_smoothing, reduction="sum"
    )
    outlier_loss = -F.log_softmax(logits[labels == NOT_A_DIGIT], dim=1).mean(dim=1).sum()
    return loss + config.doubt_weight * outlier_loss


def _summed_distillation(logits: Tensor, teacher_logits: Tensor, config: TrainingConfig) -> Tensor:
    """Cross-entropy against the teacher's softened probabilities, scaled so that its gradients weigh as much."""
    temperature = config.distillation_temperature
    softened = torch.softmax(teacher_logits / temperature, dim=1)
    return F.cross_entropy(logits / temperature, softened, reduction="sum") * temperature**2


def _channels_last(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on its device, laid out as convolutions of these widths run fastest, up to twice as fast."""
    laid_out: nn.Module = network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


def _validate(network: nn.Module, validation: Digits, device: torch.device) -> dict[str, float]:
    logits = network_logits(network.eval(), validation.images, device)
    return {
        "validation_loss": F.cross_entropy(logits, validation.labels).item(),
        "validation_accuracy": (logits.argmax(dim=1) == validation.labels).float().mean().item(),
    }


def _best_epoch(history: list[dict[str, float]]) -> int:
    """Number of the epoch with most validation digits right; the least loss decides between equals."""
    return int(max(history, key=lambda r: (r["validation_accuracy"], -r["validation_loss"]))["epoch"])


def _has_stalled(history: list[dict[str, float]], patience: int) -> bool:
    return bool(history) and len(history) - _best_epoch(history) >= patience
