"""The pictures that teaching needs beside the corrections: what is rehearsed, and what a candidate is judged on.

Drawing them takes minutes, so they are drawn once and kept in a file; a teaching reads it in a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from model.artifacts import write_atomically
from model.data.digits import Digits, as_seen, load_mnist, load_pen, split
from model.data.drawn_sets import joined, nondigits, small_scans, split_writers, varied_pen_digits
from model.data.evaluation_sets import nondigit_sets, sets_of_other_origins, validation_sets
from model.data.handwriting_fonts import installed_fonts
from model.data.parallel import OnProgress, silent
from model.preprocessing.digit import PREPROCESSING_VERSION

SETS_FILE = "teaching-sets.pt"
FORMAT = 1
MNIST_VALIDATION = "MNIST validation"
SEED = 20_240_506  # of what is rehearsed; never change it without `FORMAT`

REHEARSED_MNIST = 8_000
REHEARSED_PEN = 2_500
REHEARSED_SCANS = 1_500
REHEARSED_NONDIGITS = 3_000


@dataclass(frozen=True)
class Sets:
    """Pictures as the network sees them.

    Attributes:
        rehearsal: of what the network was trained on; the champion's answers to them are kept.
        validation: digits to calibrate by and to judge by, MNIST's first, each set by its name.
        elsewhere: digits of other origins, to judge by.
        nondigits: pictures of no digit, to judge by.
    """

    rehearsal: Digits
    validation: dict[str, Digits]
    elsewhere: dict[str, Digits]
    nondigits: dict[str, Digits]


def prepared_sets(data: Path, folder: Path, progress: OnProgress = silent) -> Sets:
    """The sets from the file in `folder`, drawn and kept there where it is missing or another code's.

    Args:
        data: holds MNIST and the pen strokes; what is missing is downloaded.
        folder: of the learner's files.
        progress: called with the number of pictures just drawn.

    Raises:
        DataError: data are missing and cannot be downloaded, or are broken: without them a network that is taught
            would forget, and nobody could tell.
        OSError: the file cannot be written.
    """
    if (kept := _read(folder / SETS_FILE)) and kept["made_by"] == _made_by():
        return _unpacked(kept)
    sets = draw_sets(data, progress)
    keep_sets(sets, folder)
    return sets


def keep_sets(sets: Sets, folder: Path) -> None:
    """Keep sets for `prepared_sets`.

    Raises:
        OSError: the file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(folder / SETS_FILE, partial(torch.save, {"made_by": _made_by()} | _packed(sets)))


def _made_by() -> dict[str, Any]:
    fonts = [Path(font).stem for font in installed_fonts()]
    return {"format": FORMAT, "preprocessing": PREPROCESSING_VERSION, "fonts": fonts}


def draw_sets(data: Path, progress: OnProgress = silent) -> Sets:
    """Draw all sets; see `prepared_sets`."""
    return Sets(
        rehearsal=_rehearsal(data, progress),
        validation=validation_sets(data, progress),
        elsewhere=sets_of_other_origins(progress),
        nondigits=nondigit_sets(progress),
    )


def _rehearsal(data: Path, progress: OnProgress) -> Digits:
    mnist, _ = split(load_mnist(data, train=True))
    mnist = mnist[_some(len(mnist), REHEARSED_MNIST)]
    writers, _ = split_writers(load_pen(data))
    written = [writers[i] for i in _some(len(writers), REHEARSED_PEN).tolist()]
    return joined(
        [
            as_seen(mnist),
            varied_pen_digits(written, 1, SEED, progress),
            small_scans(mnist[:REHEARSED_SCANS], SEED, progress),
            nondigits(REHEARSED_NONDIGITS, SEED, progress),
        ]
    )


def _some(count: int, wanted: int) -> torch.Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(SEED))[:wanted]


def _read(path: Path) -> dict[str, Any]:
    """What the file holds; nothing where it is missing or broken, for it can be drawn again."""
    try:
        return dict(torch.load(path, weights_only=True))
    except Exception:  # torch raises many kinds, of no common base, on broken files
        return {}


def _packed(sets: Sets) -> dict[str, Any]:
    groups: dict[str, Mapping[str, Digits]] = {
        "rehearsal": {"all": sets.rehearsal},
        "validation": sets.validation,
        "elsewhere": sets.elsewhere,
        "nondigits": sets.nondigits,
    }
    return {group: {name: (d.images, d.labels) for name, d in members.items()} for group, members in groups.items()}


def _unpacked(kept: Mapping[str, Any]) -> Sets:
    def group(name: str) -> dict[str, Digits]:
        return {member: Digits(*tensors) for member, tensors in kept[name].items()}

    return Sets(group("rehearsal")["all"], group("validation"), group("elsewhere"), group("nondigits"))
