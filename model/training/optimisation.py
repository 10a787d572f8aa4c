"""How weights move: the optimisers, the schedules of their learning rate, and the average of the weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)
from torch.optim.swa_utils import AveragedModel

# The optimisers and the learning rate that each starts from unless told otherwise.
LEARNING_RATES = {"adamw": 5e-3, "adam": 3e-3, "sgd": 0.03}
SCHEDULES = ("one-cycle", "cosine", "plateau")
MOMENTUM = 0.9  # of SGD, Nesterov's
WARM_UP_SHARE = 0.05  # of all steps, before the cosine; the one-cycle schedule has its own
PLATEAU_EPOCHS = 2  # without a better validation loss, before the learning rate is halved


@dataclass
class Schedule:
    """Moves the learning rate after each step, or after each epoch by its validation loss."""

    per_step: LRScheduler | None = None
    per_epoch: ReduceLROnPlateau | None = None

    def end_step(self) -> None:
        """To be called after each step of the optimiser."""
        if self.per_step:
            self.per_step.step()

    def end_epoch(self, validation_loss: float) -> None:
        """To be called after each epoch."""
        if self.per_epoch:
            self.per_epoch.step(validation_loss)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return dict((self.per_step or self.per_epoch).state_dict())  # type: ignore[union-attr]

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        (self.per_step or self.per_epoch).load_state_dict(state)  # type: ignore[union-attr]


def create_optimiser(name: str, network: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.Optimizer:
    """An optimiser of `LEARNING_RATES`; convolution and dense weights decay, biases and batch normalisation do not.

    Raises:
        ValueError: no optimiser is called `name`; names the known ones.
    """
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=learning_rate)
    if name == "adam":
        return torch.optim.Adam(groups, lr=learning_rate)
    if name == "sgd":
        return torch.optim.SGD(groups, lr=learning_rate, momentum=MOMENTUM, nesterov=True)
    raise ValueError(f"no optimiser is called {name!r}; known: {', '.join(LEARNING_RATES)}")


def create_schedule(name: str, optimiser: torch.optim.Optimizer, steps: int) -> Schedule:
    """A schedule of `SCHEDULES` over `steps` steps; the optimiser's learning rate is its peak.

    `one-cycle` is Smith and Topin's (2018), `cosine` Loshchilov and Hutter's (2017) after a linear warm-up, `plateau`
    halves the learning rate where the validation loss no longer falls.

    Raises:
        ValueError: no schedule is called `name`; names the known ones.
    """
    peak = float(optimiser.param_groups[0]["lr"])
    if name == "one-cycle":
        return Schedule(OneCycleLR(optimiser, max_lr=peak, total_steps=steps, pct_start=0.2, final_div_factor=100))
    if name == "cosine":
        warm_up = max(1, round(WARM_UP_SHARE * steps))
        rise = LinearLR(optimiser, start_factor=0.05, total_iters=warm_up)
        fall = CosineAnnealingLR(optimiser, T_max=max(1, steps - warm_up))
        return Schedule(SequentialLR(optimiser, [rise, fall], milestones=[warm_up]))
    if name == "plateau":
        return Schedule(per_epoch=ReduceLROnPlateau(optimiser, factor=0.5, patience=PLATEAU_EPOCHS))
    raise ValueError(f"no schedule is called {name!r}; known: {', '.join(SCHEDULES)}")


def average_weights(network: nn.Module, decay: float) -> AveragedModel:
    """Exponential moving average of a network's weights and buffers.

    The decay grows with the steps taken, up to `decay`, so that short runs profit too.
    """
    return AveragedModel(network, avg_fn=_moving_average(decay), use_buffers=True)


def _moving_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    def average(averaged: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        if not averaged.is_floating_point():
            return current  # batch normalisation's counters
        share = 1 - min(decay, (1 + float(steps)) / (10 + float(steps)))
        return torch.lerp(averaged, current, share)

    return average
