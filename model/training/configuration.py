"""What decides a network's weights, apart from the data and the machine."""

from dataclasses import dataclass, field
from typing import Any

from model.training.augmentation import Augmentation
from model.training.networks import CLASSES, list_networks
from model.training.optimisation import LEARNING_RATES, SCHEDULES

NONDIGIT_KINDS = ("all", "scribbles")
"""What pictures of no digit show: letters every other time, or scribbles, shapes, grids and noise alone."""


def _option(default: Any, meaning: str, **accepted: Any) -> Any:
    """A field that `make train` offers as an option; `accepted` holds `choices`, or `low` and `high`, both allowed."""
    return field(default=default, metadata={"help": meaning, **accepted})


@dataclass(frozen=True)
class TrainingConfig:
    """Kept in every checkpoint; the defaults trained the released network.

    Raises:
        ValueError: an option lies outside of what is accepted; names it, the value and what is accepted.
    """

    network: str = _option("digit_cnn", "what to train", choices=list_networks())
    classes: int = field(default=CLASSES, metadata={"low": 2})
    labels: str = ""  # SHA-256 of the labels of own classes; empty for the digits
    epochs: int = _option(32, "passes over the training set", low=1)
    batch_size: int = _option(256, "pictures in a step, over all processes", low=2)
    optimiser: str = _option("adamw", "optimiser", choices=list(LEARNING_RATES))
    schedule: str = _option("one-cycle", "learning rate schedule", choices=SCHEDULES)
    learning_rate: float = field(default=5e-3, metadata={"above": 0})  # its peak
    weight_decay: float = 1e-2
    precision: str = "float32"  # or bfloat16: of the forward and backward pass; weights stay float32
    label_smoothing: float = 0.03
    doubt_weight: float = 0.75  # of pictures that show no digit, in the loss (Hendrycks et al., 2019)
    average_decay: float = 0.998  # of the exponential moving average of the weights, per step
    teacher: str = ""  # SHA-256 of the checkpoint whose probabilities are learned too; empty for none
    distillation_weight: float = 0.7  # of the teacher's probabilities in the loss (Hinton et al., 2015)
    distillation_temperature: float = 2.0  # that softens them
    patience: int = _option(24, "epochs without a better validation result before training stops", low=1)
    seed: int = _option(1, "same seed, same machine: same weights")
    mnist_repeats: int = _option(2, "times each MNIST digit is used in an epoch", low=1)
    correction_repeats: int = _option(8, "times each correction is used in an epoch", low=1)
    pen_variants: int = _option(8, "pictures of each pen digit or own picture; 0 trains without pen strokes", low=0)
    nondigits: int = _option(60_000, "pictures that show no digit or own class", low=0)
    nondigit_kinds: str = field(default="all", metadata={"choices": NONDIGIT_KINDS})
    augmentation: Augmentation = field(default_factory=Augmentation)
    final_strength: float = _option(
        0.4, "augmentation strength in the last epoch; it falls to this over the second half", low=0, high=1
    )

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            accepted = self.__dataclass_fields__[name].metadata
            if "choices" in accepted and value not in accepted["choices"]:
                raise ValueError(f"{name} is {value!r}; accepted are {', '.join(accepted['choices'])}")
            if "low" in accepted and value < accepted["low"]:
                raise ValueError(f"{name} is {value}; at least {accepted['low']} is accepted")
            if "above" in accepted and value <= accepted["above"]:
                raise ValueError(f"{name} is {value}; it must be above {accepted['above']}")
            if "high" in accepted and value > accepted["high"]:
                raise ValueError(f"{name} is {value}; at most {accepted['high']} is accepted")

    def augmentation_in(self, epoch: int) -> Augmentation:
        """How far pictures are varied in an epoch, from 1: strongly to learn from, then nearer to what will be read."""
        share = max(0.0, 2 * epoch / self.epochs - 1)  # of the second half
        return self.augmentation.weakened(1 - share * (1 - self.final_strength))
