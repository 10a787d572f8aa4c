"""Tells how good a network is: accuracy, loss, calibration, a report by class, and pictures of what it gets wrong."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay, classification_report, confusion_matrix
from torch import Tensor

from model.artifacts import write_atomically
from model.calibration import expected_calibration_error
from model.datasets import Digits


@dataclass(frozen=True)
class Metrics:
    """Results on one set of true digits.

    Attributes:
        n: number of digits.
        accuracy: share read right, in [0, 1].
        interval: Wilson's 95% confidence interval of the accuracy.
        loss: mean cross-entropy in nats.
        expected_calibration_error: over 15 bins, in [0, 1].
        refused: share whose confidence lies below the rejection threshold.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    loss: float
    expected_calibration_error: float
    refused: float


def measure(probabilities: Tensor, labels: Tensor, threshold: float) -> Metrics:
    """Summarise calibrated probabilities float32 (N, C) against true labels int64 (N,)."""
    n = len(labels)
    right = int((probabilities.argmax(dim=1) == labels).sum())
    return Metrics(
        n=n,
        accuracy=right / n,
        interval=wilson_interval(right, n),
        loss=float(F.nll_loss(probabilities.clamp_min(1e-12).log(), labels)),
        expected_calibration_error=expected_calibration_error(probabilities, labels),
        refused=refused_share(probabilities, threshold),
    )


def refused_share(probabilities: Tensor, threshold: float) -> float:
    """Share of pictures, by their calibrated probabilities float32 (N, C), that are called doubtful."""
    return float((probabilities.max(dim=1).values < threshold).double().mean())


def wilson_interval(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Confidence interval of a share (Wilson, 1927); the default z gives 95%."""
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


def report(predicted: Tensor, labels: Tensor, names: list[str]) -> str:
    """Precision, recall and F1 by class, as a table of plain text."""
    return str(
        classification_report(
            labels, predicted, labels=range(len(names)), target_names=names, digits=4, zero_division=0.0
        )
    )


def save_confusion_matrix(predicted: Tensor, labels: Tensor, names: list[str], path: Path) -> None:
    """Draw how often each digit was read as each; mistakes carry the colour, for nearly all is right."""
    matrix = confusion_matrix(labels, predicted, labels=range(len(names)))
    figure = Figure(figsize=(7, 6.2), layout="constrained")
    axes = figure.subplots()
    shown = ConfusionMatrixDisplay(matrix, display_labels=names).plot(ax=axes, cmap="Oranges", colorbar=False)
    mistakes = matrix - np.diag(np.diag(matrix))
    most = max(1, int(mistakes.max()))
    shown.im_.set(data=mistakes, clim=(0, most))
    for text, count, mistaken in zip(shown.text_.flat, matrix.flat, mistakes.flat, strict=True):
        text.set_color("0.8" if count == 0 else "white" if mistaken > 0.6 * most else "black")
    axes.set(xlabel="read as", ylabel="is", title=f"{mistakes.sum()} mistakes in {len(labels):,} digits")
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120, format="png"))


def save_mistakes(digits: Digits, probabilities: Tensor, names: list[str], path: Path, most: int = 40) -> None:
    """Draw the mistakes that the network was surest of, each with what it is and what was read."""
    confidence, predicted = probabilities.max(dim=1)
    wrong = torch.nonzero(predicted != digits.labels).flatten()
    worst = wrong[torch.argsort(confidence[wrong], descending=True)][:most]
    columns = 8
    rows = max(1, -(-len(worst) // columns))
    figure = Figure(figsize=(columns * 1.25, rows * 1.55 + 0.5), layout="constrained")
    figure.suptitle(f"The {len(worst)} surest of {len(wrong)} mistakes: what it is, what was read, how surely")
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.set_axis_off()
    for axes, index in zip(figure.axes, worst.tolist(), strict=False):
        axes.imshow(digits.images[index].numpy(), cmap="gray_r", vmin=0, vmax=255)
        true, read = names[int(digits.labels[index])], names[int(predicted[index])]
        axes.set_title(f"{true} read {read}, {confidence[index]:.0%}", fontsize=8)
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120, format="png"))
