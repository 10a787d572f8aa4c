"""The pictures of one training: drawn once and kept in the run folder, for --resume and for every process."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from model.artifacts import sha256_of, write_atomically
from model.data.corrections import read_corrections
from model.data.digits import PEN_FILE, Digits, as_seen, load_mnist, load_pen, mnist_hashes, split
from model.data.drawn_sets import (
    joined,
    nondigits,
    silent,
    small_scans,
    split_writers,
    validation_pen_digits,
    varied_pen_digits,
)
from model.training.configuration import TrainingConfig
from model.training.devices import Processes

CORRECTION_REPEATS = 8  # times that each comes in an epoch, as often as a pen digit is drawn
PICTURES_FILE = "pictures.pt"


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
    progress: Callable[[int], object] = silent,
) -> tuple[Digits, Digits]:
    """Draw the pictures to learn from and to validate on: MNIST, pen strokes, small scans, no digits, corrections.

    Raises:
        DataError: data or corrections are missing or broken.
    """
    corrected = [read_corrections(path).to_learn() for path in corrections]
    mnist, mnist_validation = split(as_seen(load_mnist(data, train=True)))
    training, validation = [mnist] * config.mnist_repeats + corrected * CORRECTION_REPEATS, [mnist_validation]
    if config.pen_variants:
        writers, validation_writers = split_writers(load_pen(data))
        training.append(varied_pen_digits(writers, config.pen_variants, config.seed, progress))
        training.append(small_scans(mnist[::2], config.seed, progress))
        validation.extend(validation_pen_digits(validation_writers, progress).values())
    if config.nondigits:
        training.append(nondigits(config.nondigits, config.seed, progress))
    return joined(training), joined(validation)


def data_hashes(data: Path, config: TrainingConfig, corrections: Sequence[Path] = ()) -> dict[str, str]:
    """SHA-256 of each file that is learned from, by name."""
    pen = [data / "pendigits" / PEN_FILE] if config.pen_variants else []
    return mnist_hashes(data) | {path.name: sha256_of(path) for path in (*pen, *corrections)}
