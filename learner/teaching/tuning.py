"""Fine-tunes a network on pictures while it keeps its answers to others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from model.data.digits import NOT_A_DIGIT, Digits
from model.training.augmentation import Augmentation, augment
from model.training.batches import standardise, to_ink

PROGRESS_EVERY = 10  # steps


@dataclass(frozen=True)
class TuningConfig:
    """What decides the weights, apart from the pictures; kept in the metadata of what was taught."""

    seed: int
    steps: int = 120
    learning_rate: float = 1e-3  # its peak
    warm_up: float = 0.1  # share of the steps in which the rate rises; it then falls to nothing
    examples: int = 32  # pictures of corrections in a step
    rehearsed: int = 96  # other pictures in a step
    examples_weight: float = 0.15  # of the corrections in the loss; less of them teaches as much and harms less
    label_smoothing: float = 0.03
    doubt_weight: float = 0.75  # of pictures that show no digit (Hendrycks et al., 2019)
    temperature: float = 4.0  # that softens the answers that are kept (Li and Hoiem, 2017)
    augmentation: Augmentation = field(default_factory=Augmentation)


def tune(
    network: nn.Sequential,
    examples: Digits,
    weights: Tensor,
    rehearsal: Digits,
    answers: Tensor,
    config: TuningConfig,
    on_share: Callable[[float], object] = lambda share: None,
) -> nn.Sequential:
    """A copy of the network that has learned the examples.

    All weights learn. On pictures of the rehearsal the loss is the cross-entropy with the answers that the network
    gave before (learning without forgetting, Li and Hoiem, 2017), whatever they show: nothing new is learned there.

    Args:
        network: of `learner.teaching.unfreezing`; stays as it is.
        examples: what to learn, uint8 (N, 28, 28), label a digit or `NOT_A_DIGIT`.
        weights: float32 (N,), what each weighs among them; with a sum below 1 they weigh less than
            `config.examples_weight` in the loss, and the rehearsal more.
        rehearsal: what to keep the answers to.
        answers: the network's logits of them, float32 (M, C).
        config: the same one gives the same weights, on the same machine with the same number of threads.
        on_share: called with the share of the steps that are done.
    """
    tuned = copy.deepcopy(network).train()
    optimiser = torch.optim.AdamW(tuned.parameters(), lr=config.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps, pct_start=config.warm_up
    )
    rng = Generator().manual_seed(config.seed)
    share = config.examples_weight * float(weights.sum())
    for step in range(1, config.steps + 1):
        chosen = torch.multinomial(weights, config.examples, replacement=True, generator=rng)
        rehearsed = torch.randint(len(rehearsal), (config.rehearsed,), generator=rng)
        varied = augment(to_ink(examples.images[chosen]), config.augmentation, rng)
        inputs = standardise(torch.cat([varied, to_ink(rehearsal.images[rehearsed])]))
        logits = tuned(inputs.contiguous(memory_format=torch.channels_last))
        learned, remembered = logits.split([config.examples, config.rehearsed])
        loss = share * _examples_loss(learned, examples.labels[chosen], config)
        loss = loss + (1 - share) * _forgetting_loss(remembered, answers[rehearsed], config.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % PROGRESS_EVERY == 0:
            on_share(step / config.steps)
    result: nn.Sequential = tuned.eval()
    return result


def _examples_loss(logits: Tensor, labels: Tensor, config: TuningConfig) -> Tensor:
    """Mean cross-entropy; for pictures of no digit the target is the uniform distribution (outlier exposure)."""
    loss = F.cross_entropy(
        logits, labels, ignore_index=NOT_A_DIGIT, label_smoothing=config.label_smoothing, reduction="sum"
    )
    doubt = -F.log_softmax(logits[labels == NOT_A_DIGIT], dim=1).mean(dim=1).sum()
    return (loss + config.doubt_weight * doubt) / len(labels)


def _forgetting_loss(logits: Tensor, kept: Tensor, temperature: float) -> Tensor:
    """Cross-entropy with the softened answers of before, scaled so that its gradients weigh as much."""
    softened = torch.softmax(kept / temperature, dim=1)
    return F.cross_entropy(logits / temperature, softened) * temperature**2


def blended(before: nn.Sequential, after: nn.Sequential, share: float) -> nn.Sequential:
    """The network whose weights lie `share` of the way from `before` to `after` (Wortsman et al., 2022)."""
    result = copy.deepcopy(before)
    with torch.no_grad():
        for weight, target in zip(result.parameters(), after.parameters(), strict=True):
            weight.lerp_(target, share)
    return result
