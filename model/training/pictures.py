"""The pictures of one training: drawn once and kept in the run folder, for --resume and for every process."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from model.artifacts import sha256_of, write_atomically
from model.data.corrections import read_corrections
from model.data.digits import PEN_FILE, Digits, as_seen, load_mnist, load_pen, mnist_hashes, split
from model.data.drawn_sets import (
    joined,
    nondigits,
    other_nondigits,
    small_scans,
    split_writers,
    validation_pen_digits,
    varied_pen_digits,
)
from model.data.own_classes import VALIDATION, OwnClasses
from model.data.parallel import OnProgress, silent
from model.errors import ArtifactError
from model.training.checkpoints import check_labels
from model.training.configuration import TrainingConfig
from model.training.devices import Processes

PICTURES_PER_NONDIGIT = 3  # training pictures of own classes for each non-digit; about the ratio of the digits
PICTURES_FILE = "pictures.pt"
PICTURES = "pictures"  # the hash of own pictures, among those of the data


def training_pictures(
    run_folder: Path, draw: Callable[[], tuple[Digits, Digits]], processes: Processes, *, resume: bool
) -> tuple[Digits, Digits]:
    """What to learn from and to validate on, from the run folder; the first process calls `draw` where need be."""
    path = run_folder / PICTURES_FILE
    if processes.is_first and not (resume and path.exists()):
        run_folder.mkdir(parents=True, exist_ok=True)
        sets = [(digits.images, digits.labels) for digits in draw()]
        write_atomically(path, partial(torch.save, sets))
    processes.from_first(None)
    training, validation = torch.load(path, weights_only=True)
    return Digits(*training), Digits(*validation)


def draw_digits(
    data: Path,
    config: TrainingConfig,
    corrections: Sequence[Path] = (),
    progress: OnProgress = silent,
) -> tuple[Digits, Digits]:
    """Draw the pictures to learn from and to validate on: MNIST, pen strokes, small scans, no digits, corrections.

    Raises:
        DataError: data or corrections are missing or broken.
    """
    corrected = [read_corrections(path).to_learn() for path in corrections]
    mnist, mnist_validation = split(as_seen(load_mnist(data, train=True)))
    training, validation = [mnist] * config.mnist_repeats + corrected * config.correction_repeats, [mnist_validation]
    if config.pen_variants:
        writers, validation_writers = split_writers(load_pen(data))
        training.append(varied_pen_digits(writers, config.pen_variants, config.seed, progress))
        training.append(small_scans(mnist[::2], config.seed, progress))
        validation.extend(validation_pen_digits(validation_writers, progress).values())
    training += _nondigits(config.nondigits, config, progress)
    return joined(training), joined(validation)


def draw_own_classes(
    own: OwnClasses,
    config: TrainingConfig,
    corrections: Sequence[Path] = (),
    progress: OnProgress = silent,
) -> tuple[Digits, Digits]:
    """Draw the pictures of own classes to learn from and to validate on, pictures of none of them, corrections.

    Raises:
        DataError: pictures or corrections are missing or broken.
    """
    corrected = [read_corrections(path, own.labels).to_learn() for path in corrections]
    pictures = own.to_learn(max(1, config.pen_variants), config.seed, progress)
    count = min(config.nondigits, len(pictures) // PICTURES_PER_NONDIGIT)
    training = [pictures, *corrected * config.correction_repeats, *_nondigits(count, config, progress)]
    return joined(training), joined(list(own.to_measure(VALIDATION, progress).values()))


def check_pictures(checkpoint: dict[str, Any], own: OwnClasses | None) -> None:
    """Refuse own classes, or none for the digits, that a checkpoint was not trained on: their split may be another.

    Raises:
        ArtifactError: says which differ.
    """
    check_labels(checkpoint, own.labels if own else ())
    if own and checkpoint["data"].get(PICTURES) != own.sha256:
        raise ArtifactError(
            "the checkpoint was trained on other pictures than these, and may have learned those to validate on; "
            "name the same --pictures, or train again"
        )


def _nondigits(count: int, config: TrainingConfig, progress: OnProgress) -> list[Digits]:
    draw = {"all": nondigits, "scribbles": other_nondigits}[config.nondigit_kinds]
    return [draw(count, config.seed, progress)] if count else []


def data_hashes(
    data: Path, config: TrainingConfig, corrections: Sequence[Path] = (), own: OwnClasses | None = None
) -> dict[str, str]:
    """SHA-256 of each file that is learned from, by name; of own classes one for all pictures, by `PICTURES`."""
    corrected = {path.name: sha256_of(path) for path in corrections}
    if own:
        return {PICTURES: own.sha256} | corrected
    pen = {PEN_FILE: sha256_of(data / "pendigits" / PEN_FILE)} if config.pen_variants else {}
    return mnist_hashes(data) | pen | corrected
