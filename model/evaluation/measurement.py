"""Measures a recogniser on every set, and says what it was measured on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model.artifacts import LABELS_FILE, METADATA_FILE, read_labels
from model.data.digits import Digits, load_mnist, load_pen, split
from model.data.drawn_sets import split_writers
from model.data.evaluation_sets import mnist_test, nondigit_sets, test_sets, validation_sets
from model.data.parallel import OnProgress, silent
from model.errors import ArtifactError
from model.evaluation.metrics import details, probabilities_of, refusal_curve
from model.evaluation.report import REPORTED
from model.evaluation.robustness import Pictures
from model.locations import ROOT
from model.preprocessing.images import GreyImage
from model.recogniser import Recogniser
from model.training.networks import CLASSES


@dataclass(frozen=True)
class EvaluationSets:
    """What a recogniser is measured on, each set by its name.

    Attributes:
        digits: validation and test digits.
        validation: the names of the validation sets among them.
        nondigits: pictures that show no digit.
    """

    digits: dict[str, Digits]
    validation: list[str]
    nondigits: dict[str, Digits]

    def __len__(self) -> int:
        """Pictures in all sets."""
        return sum(map(len, [*self.digits.values(), *self.nondigits.values()]))


def check_reads_digits(recogniser: Recogniser) -> None:
    """Refuse a recogniser of own classes: all sets here show digits.

    Raises:
        ArtifactError: names its classes.
    """
    if recogniser.labels != read_labels(ROOT / LABELS_FILE):
        raise ArtifactError(
            f"the report covers digits only, and this model reads {', '.join(recogniser.labels)}; "
            f"`make export` printed its results, which {METADATA_FILE} keeps under metrics"
        )


def draw_evaluation_sets(
    data: Path, progress: OnProgress = silent, *, mnist_only: bool = False, with_pen: bool = True
) -> EvaluationSets:
    """Read and draw all sets, or MNIST's test digits alone.

    Raises:
        DataError: data are missing or broken.
    """
    if mnist_only:
        return EvaluationSets({REPORTED: mnist_test(data)}, [REPORTED], {})
    validation = validation_sets(data, progress, with_pen=with_pen)
    return EvaluationSets(validation | test_sets(data, progress), list(validation), nondigit_sets(progress))


def measure_all(recogniser: Recogniser, sets: EvaluationSets, progress: OnProgress = silent) -> dict[str, Any]:
    """Results on every set, and how the validation digits fare beside what is no digit; fit for JSON."""
    read = {name: probabilities_of(recogniser, one.images, progress) for name, one in sets.digits.items()}
    others = {name: probabilities_of(recogniser, one.images, progress) for name, one in sets.nondigits.items()}
    pooled = torch.cat([read[name] for name in sets.validation])
    return {
        "digits": {name: details(read[name], one.labels, recogniser.threshold) for name, one in sets.digits.items()},
        "nondigit_reference": {"sets": sets.validation, "n": len(pooled)},
        "nondigits": {
            name: {"n": len(one), **refusal_curve(pooled, one, recogniser.threshold)} for name, one in others.items()
        },
    }


def example(sent: Mapping[str, Pictures]) -> GreyImage:
    """The picture that the report shows under every corruption: the first 3 of the last set, else its first."""
    last = list(sent.values())[-1]
    labels = last.labels.tolist()
    return np.asarray(last.pictures[labels.index(3) if 3 in labels else 0])


def class_counts(data: Path, sets: Mapping[str, Digits], *, with_pen: bool) -> dict[str, list[int]]:
    """Digits of each class to learn from and to measure on."""
    training, _ = split(load_mnist(data, train=True))
    labels = {"MNIST, to learn from": training.labels}
    if with_pen:
        writers, _ = split_writers(load_pen(data))
        labels["pen strokes, to learn from"] = torch.tensor([digit.label for digit in writers])
    labels |= {name: digits.labels for name, digits in sets.items()}
    return {name: torch.bincount(one, minlength=CLASSES).tolist() for name, one in labels.items()}
