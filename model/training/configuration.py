"""What decides a network's weights, apart from the data and the machine."""

from dataclasses import dataclass, field

from model.training.augmentation import Augmentation


@dataclass(frozen=True)
class TrainingConfig:
    """Kept in every checkpoint; the defaults trained the released network."""

    network: str = "digit_cnn"
    epochs: int = 32
    batch_size: int = 256  # over all processes
    optimiser: str = "adamw"  # one of `model.training.optimisation.LEARNING_RATES`
    schedule: str = "one-cycle"  # one of `model.training.optimisation.SCHEDULES`
    learning_rate: float = 5e-3  # its peak
    weight_decay: float = 1e-2
    precision: str = "float32"  # or bfloat16: of the forward and backward pass; weights stay float32
    label_smoothing: float = 0.03
    doubt_weight: float = 0.75  # of pictures that show no digit, in the loss (Hendrycks et al., 2019)
    average_decay: float = 0.998  # of the exponential moving average of the weights, per step
    teacher: str = ""  # SHA-256 of the checkpoint whose probabilities are learned too; empty for none
    distillation_weight: float = 0.7  # of the teacher's probabilities in the loss (Hinton et al., 2015)
    distillation_temperature: float = 2.0  # that softens them
    patience: int = 24  # epochs without a better validation result after which training stops
    seed: int = 1
    mnist_repeats: int = 2  # times that each MNIST digit comes in an epoch
    pen_variants: int = 8  # pictures drawn of each pen digit; 0 trains on MNIST alone
    nondigits: int = 60_000  # pictures that show no digit
    augmentation: Augmentation = field(default_factory=Augmentation)
    final_strength: float = 0.4  # of the augmentation in the last epoch; it falls to that from half-time on

    def augmentation_in(self, epoch: int) -> Augmentation:
        """How far pictures are varied in an epoch, from 1: strongly to learn from, then nearer to what will be read."""
        share = max(0.0, 2 * epoch / self.epochs - 1)  # of the second half
        return self.augmentation.weakened(1 - share * (1 - self.final_strength))
