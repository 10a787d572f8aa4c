"""Trains a network on digits: from a configuration to checkpoints that resume and a history that tells how it went.

Leaves reading the data to `model.datasets` and everything after the last epoch to `model.export`.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel

from model.artifacts import write_atomically, write_json
from model.augmentation import Augmentation, augment
from model.datasets import NOT_A_DIGIT, Digits
from model.errors import ArtifactError
from model.networks import create_network
from model.preprocessing import MEAN, STD

CHECKPOINT_FORMAT = 1
EVALUATION_BATCH = 1_000
PROGRESS_INTERVAL_S = 0.2


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides the weights, apart from the data and the machine."""

    network: str = "digit_cnn"
    epochs: int = 36
    batch_size: int = 256
    learning_rate: float = 5e-3  # peak of the one-cycle schedule (Smith and Topin, 2018)
    weight_decay: float = 1e-2
    label_smoothing: float = 0.03
    doubt_weight: float = 0.5  # of pictures that show no digit, in the loss (Hendrycks et al., 2019)
    average_decay: float = 0.998  # of the exponential moving average of the weights, per step
    patience: int = 20  # epochs without a better validation result after which training stops
    seed: int = 1
    pen_variants: int = 8  # pictures drawn of each pen digit; 0 trains on MNIST alone
    nondigits: int = 40_000  # pictures that show no digit
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class Progress:
    """How far training is: shown to whoever waits for it."""

    epoch: int  # from 1
    epochs: int
    share: float  # of this epoch, in [0, 1]
    loss: float  # running mean of the training loss
    seconds_left: float  # of the whole training


@dataclass
class _Run:
    """The state of a training that a checkpoint keeps."""

    network: nn.Module
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    config: TrainingConfig,
    training: Digits,
    validation: Digits,
    run_folder: Path,
    *,
    resume: bool = False,
    data_hashes: dict[str, str] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_epoch: Callable[[dict[str, float]], None] = lambda record: None,
) -> Path:
    """Train and return the path of the best checkpoint.

    After every epoch `last.pt` (to resume), `best.pt` (most validation digits right, then least loss) and
    `history.json` are replaced atomically in `run_folder`. Every epoch draws its chance from the seed and its own
    number, so a resumed training ends with the weights of one that was never interrupted.

    Args:
        config: all that decides the weights; kept in the checkpoint.
        training: digits to learn from.
        validation: digits to choose the best epoch by.
        run_folder: created if missing.
        resume: go on from `last.pt` where there is one; its configuration must be the same.
        data_hashes: SHA-256 of the data's files, kept in the checkpoint.
        on_progress: called a few times a second.
        on_epoch: called with each epoch's record.

    Raises:
        ArtifactError: the checkpoint to resume from is broken or of another configuration.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    last, best = run_folder / "last.pt", run_folder / "best.pt"
    run = _new_run(config, steps=config.epochs * _steps_per_epoch(training, config))
    if resume and last.exists():
        _restore(run, load_checkpoint(last), config, last)
    while len(run.history) < config.epochs and not _has_stalled(run.history, config.patience):
        record = _train_epoch(run, config, training, on_progress)
        record |= _validate(run.average, validation)
        run.history.append(record)
        checkpoint = _checkpoint(run, config, data_hashes or {})
        if _best_epoch(run.history) == len(run.history):
            write_atomically(best, partial(torch.save, checkpoint))
        write_atomically(last, partial(torch.save, checkpoint))
        write_json(run_folder / "history.json", {"config": asdict(config), "epochs": run.history})
        on_epoch(record)
    return best


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it; `ArtifactError` where it is none of ours."""
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, of no common base, on broken files
        raise ArtifactError(f"{path} cannot be read as a checkpoint: {type(error).__name__}") from error
    found = checkpoint.get("format") if isinstance(checkpoint, dict) else None
    if found != CHECKPOINT_FORMAT:
        raise ArtifactError(f"{path} has checkpoint format {found}; {CHECKPOINT_FORMAT} is read")
    return dict(checkpoint)


def network_of(checkpoint: dict[str, Any]) -> nn.Module:
    """Rebuild the averaged network of a checkpoint, ready to evaluate."""
    network = create_network(checkpoint["config"]["network"])
    network.load_state_dict(checkpoint["average_weights"])
    return network.eval()


def network_logits(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Logits float32 (N, 10) of uint8 (N, 28, 28) pictures that lie as MNIST's do, in bounded batches."""
    with torch.inference_mode():
        parts = [network(standardise(to_ink(batch))) for batch in images.split(EVALUATION_BATCH)]
    return torch.cat(parts)


def to_ink(images: Tensor) -> Tensor:
    """uint8 (N, 28, 28) in [0, 255] to float32 (N, 1, 28, 28) in [0, 1]."""
    return images.unsqueeze(1).float() / 255


def standardise(ink: Tensor) -> Tensor:
    """The tensor form of `model.preprocessing.normalise`, for ink already in [0, 1]."""
    return (ink - MEAN) / STD


def _new_run(config: TrainingConfig, steps: int) -> _Run:
    torch.manual_seed(config.seed)
    network = create_network(config.network)
    # Convolution and dense weights decay; biases and batch normalisation do not.
    decayed = [p for p in network.parameters() if p.ndim > 1]
    kept = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": kept, "weight_decay": 0.0}],
        lr=config.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=config.learning_rate, total_steps=steps, pct_start=0.2, final_div_factor=100
    )
    average = AveragedModel(network, avg_fn=_moving_average(config.average_decay), use_buffers=True)
    return _Run(network, average, optimiser, schedule)


def _moving_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average whose memory grows with the steps taken, so that short trainings profit too."""

    def average(averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        if not averaged.is_floating_point():
            return current  # batch normalisation's counters
        share = 1 - min(decay, (1 + float(steps)) / (10 + float(steps)))
        return torch.lerp(averaged, current, share)

    return average


def _train_epoch(
    run: _Run, config: TrainingConfig, training: Digits, on_progress: Callable[[Progress], None]
) -> dict[str, float]:
    epoch = len(run.history) + 1
    seed = config.seed * 1_000_003 + epoch
    torch.manual_seed(seed)  # for dropout
    chance = Generator().manual_seed(seed)
    run.network.train()
    started, told, total, seen = time.monotonic(), 0.0, 0.0, 0
    for batch in _batches(training, config.batch_size, chance):
        images = augment(to_ink(batch.images), config.augmentation, chance)
        loss = _loss(run.network(standardise(images)), batch.labels, config)
        if not math.isfinite(loss.item()):
            raise ArtifactError(f"training diverged in epoch {epoch} (loss {loss.item()}); lower the learning rate")
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.optimiser.step()
        run.schedule.step()
        run.average.update_parameters(run.network)
        total, seen = total + loss.item() * len(batch), seen + len(batch)
        elapsed = time.monotonic() - started
        if elapsed - told > PROGRESS_INTERVAL_S:
            told, share = elapsed, seen / len(training)
            left = elapsed / share * (config.epochs - epoch + 1 - share)
            on_progress(Progress(epoch, config.epochs, share, total / seen, left))
    return {
        "epoch": epoch,
        "training_loss": total / seen,
        "learning_rate": float(run.schedule.get_last_lr()[0]),
        "seconds": time.monotonic() - started,
    }


def _loss(logits: Tensor, labels: Tensor, config: TrainingConfig) -> Tensor:
    """Cross-entropy of the digits; where there is no digit, all classes shall be equally likely (outlier exposure)."""
    is_digit = labels != NOT_A_DIGIT
    loss = F.cross_entropy(
        logits, labels, ignore_index=NOT_A_DIGIT, label_smoothing=config.label_smoothing, reduction="sum"
    )
    doubt = -F.log_softmax(logits[~is_digit], dim=1).mean(dim=1).sum()
    return (loss + config.doubt_weight * doubt) / len(labels)


def _batches(digits: Digits, size: int, chance: Generator) -> Iterator[Digits]:
    for indices in torch.randperm(len(digits), generator=chance).split(size):
        if len(indices) > 1:  # batch normalisation cannot learn from a batch of one
            yield digits[indices]


def _steps_per_epoch(training: Digits, config: TrainingConfig) -> int:
    whole, rest = divmod(len(training), config.batch_size)
    return whole + (rest > 1)


def _validate(network: nn.Module, validation: Digits) -> dict[str, float]:
    network.eval()
    logits = network_logits(network, validation.images)
    return {
        "validation_loss": F.cross_entropy(logits, validation.labels).item(),
        "validation_accuracy": (logits.argmax(dim=1) == validation.labels).float().mean().item(),
    }


def _best_epoch(history: list[dict[str, float]]) -> int:
    """Number of the epoch with most validation digits right; the least loss decides between equals."""
    return int(max(history, key=lambda r: (r["validation_accuracy"], -r["validation_loss"]))["epoch"])


def _has_stalled(history: list[dict[str, float]], patience: int) -> bool:
    return bool(history) and len(history) - _best_epoch(history) >= patience


def _checkpoint(run: _Run, config: TrainingConfig, data_hashes: dict[str, str]) -> dict[str, Any]:
    return {
        "format": CHECKPOINT_FORMAT,
        "config": asdict(config),
        "data": data_hashes,
        "history": run.history,
        "average_weights": run.average.module.state_dict(),
        "weights": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "schedule": run.schedule.state_dict(),
    }


def _restore(run: _Run, checkpoint: dict[str, Any], config: TrainingConfig, path: Path) -> None:
    if checkpoint["config"] != asdict(config):
        theirs, ours = checkpoint["config"], asdict(config)
        changed = sorted(name for name in ours if ours[name] != theirs.get(name))
        raise ArtifactError(f"{path} was trained with another configuration (differs in: {', '.join(changed)})")
    run.network.load_state_dict(checkpoint["weights"])
    run.average.load_state_dict(checkpoint["average"])
    run.optimiser.load_state_dict(checkpoint["optimiser"])
    run.schedule.load_state_dict(checkpoint["schedule"])
    run.history.extend(checkpoint["history"])
