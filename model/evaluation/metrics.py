"""Tells how good a network is on sets of pictures: accuracy, calibration, classes, mistakes, and what it refuses.

All numbers and no pictures: `model.evaluation.plots` draws them, `model.evaluation.report` tells them.
"""

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score
from torch import Tensor

from model.calibration import expected_calibration_error, rejection_score
from model.data.parallel import OnProgress, silent
from model.recogniser import Recogniser
from model.training.batches import EVALUATION_BATCH

BINS = 15  # of the reliability diagram and of the expected calibration error
CURVE_POINTS = 120  # points drawn of the refusal curve
MOST_MISTAKES = 40  # listed for each set


@dataclass(frozen=True)
class Metrics:
    """Results on one set of true digits.

    Attributes:
        n: number of digits.
        accuracy: share read right, in [0, 1].
        interval: Wilson's 95% confidence interval of the accuracy.
        loss: mean cross-entropy in nats.
        expected_calibration_error: over 15 bins, in [0, 1].
        refused: share whose rejection score lies below the threshold.
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
    """Share of pictures, by their calibrated probabilities float32 (N, C), that are called no digit."""
    return float((rejection_score(probabilities) < threshold).double().mean())


def wilson_interval(right: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Confidence interval of a share (Wilson, 1927); the default z gives 95%."""
    share = right / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - half, centre + half


def probabilities_of(recogniser: Recogniser, images: Tensor, progress: OnProgress = silent) -> Tensor:
    """Calibrated probabilities float32 (N, C) of pictures as the network sees them, uint8 (N, 28, 28)."""
    parts = []
    for batch in images.split(EVALUATION_BATCH):
        parts.append(torch.from_numpy(recogniser.probabilities(batch.numpy())))
        progress(len(batch))
    return torch.cat(parts)


def details(probabilities: Tensor, labels: Tensor, threshold: float) -> dict[str, Any]:
    """All that the report tells of one set, fit for JSON: its metrics, then by class, by confidence, the mistakes."""
    return asdict(measure(probabilities, labels, threshold)) | {
        "classes": class_scores(probabilities, labels),
        "confusion": confusion_matrix(
            labels, probabilities.argmax(dim=1), labels=range(probabilities.shape[1])
        ).tolist(),
        "reliability": reliability(probabilities, labels),
        "mistakes": mistakes(probabilities, labels),
    }


def class_scores(probabilities: Tensor, labels: Tensor) -> list[dict[str, float]]:
    """For each class in order its digits, precision, recall and F1 score; 0 where there is nothing to count."""
    precision, recall, f1, n = precision_recall_fscore_support(
        labels, probabilities.argmax(dim=1), labels=range(probabilities.shape[1]), zero_division=0.0
    )
    return [
        {"n": int(n[i]), "precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i])}
        for i in range(len(n))
    ]


def reliability(probabilities: Tensor, labels: Tensor, bins: int = BINS) -> list[dict[str, float]]:
    """Mean confidence and accuracy of the digits in each equally wide bin of confidence; empty bins are left out."""
    confidence, predicted = probabilities.max(dim=1)
    right = (predicted == labels).double()
    bin_of = (confidence * bins).long().clamp(max=bins - 1)
    found = []
    for i in bin_of.unique().tolist():
        inside = bin_of == i
        low, high = wilson_interval(int(right[inside].sum()), int(inside.sum()))
        found.append(
            {
                "bin": i,
                "n": int(inside.sum()),
                "confidence": float(confidence[inside].double().mean()),
                "accuracy": float(right[inside].mean()),
                "low": low,
                "high": high,
            }
        )
    return found


def mistakes(probabilities: Tensor, labels: Tensor, most: int = MOST_MISTAKES) -> list[dict[str, float]]:
    """The mistakes that the network was surest of: index in the set, true label, what was read, how surely."""
    confidence, predicted = probabilities.max(dim=1)
    wrong = torch.nonzero(predicted != labels).flatten()
    worst = wrong[torch.argsort(confidence[wrong], descending=True, stable=True)][:most]
    return [
        {"index": i, "label": int(labels[i]), "read": int(predicted[i]), "confidence": float(confidence[i])}
        for i in worst.tolist()
    ]


def refusal_curve(digits: Tensor, nondigits: Tensor, threshold: float) -> dict[str, Any]:
    """How well the rejection score separates digits from other pictures, as its threshold moves.

    Args:
        digits: calibrated probabilities float32 (N, C) of true digits.
        nondigits: those of pictures that show none, float32 (M, C).
        threshold: the one that is in use, the operating point.

    Returns:
        The area under the curve (1 is perfect, 0.5 is guessing), the shares refused at the threshold, and points of the
        curve: thresholds with the share of the digits and of the others that they refuse, both rising.
    """
    sure, others = (rejection_score(one).double().numpy() for one in (digits, nondigits))
    is_nondigit = np.repeat((0, 1), (len(sure), len(others)))
    thresholds = np.quantile(sure, np.geomspace(1e-3, 1, CURVE_POINTS))
    return {
        "auroc": float(roc_auc_score(is_nondigit, -np.concatenate((sure, others)))),
        "digits_refused": refused_share(digits, threshold),
        "refused": refused_share(nondigits, threshold),
        "curve": {
            "threshold": thresholds.tolist(),
            "digits_refused": [float((sure < one).mean()) for one in thresholds],
            "refused": [float((others < one).mean()) for one in thresholds],
        },
    }
