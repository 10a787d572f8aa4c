"""Own classes of drawn pictures in the place of the digits: read from folders or strokes, and split for good.

The split is fixed: a writer, or a picture where writers are unknown, is always in the same part, so validation and test
pictures never train the network.
"""

import hashlib
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from PIL import Image

from model.artifacts import read_labels, sha256_of
from model.data.corrections import NO_DIGIT
from model.data.digits import Digits
from model.data.drawn_sets import draw_all, joined, validation_pen_digits, varied_pen_digits
from model.data.parallel import OnProgress, silent
from model.data.pen_strokes import PenDigit
from model.errors import DataError, InvalidImage
from model.preprocessing.decoding import decode_picture

TRAINING, VALIDATION, TEST = "training", "validation", "test"
SHARE = 0.15  # of the writers, or of each class's pictures, to validate on; as many to test on
SPLIT_SEED = 20_261_125  # never change it: results compare only on the same split
LEAST_WRITERS = 5  # of fewer, pictures are split by class
LEAST_PICTURES = 10  # of a class
STROKE_KEYS = ("points", "stroke_end", "sample_end", "labels")


@dataclass(frozen=True)
class OwnClasses(ABC):
    """Labelled pictures of own classes.

    Attributes:
        labels: names of the classes, in the order of the network's outputs.
        sha256: of the pictures and where they belong, in hexadecimal.
        left_out: pictures of classes that the labels do not name.
    """

    labels: Sequence[str]
    sha256: str
    left_out: int

    @abstractmethod
    def to_learn(self, variants: int, seed: int, progress: OnProgress = silent) -> Digits:
        """The training part as the network sees it, each picture `variants` times."""

    @abstractmethod
    def to_measure(self, part: str, progress: OnProgress = silent) -> dict[str, Digits]:
        """`VALIDATION` or `TEST` as the network sees it, always the same pictures, each set by its name."""


@dataclass(frozen=True)
class PictureFile:
    """A picture in the folder of its class; `label` is the class's index."""

    label: int
    path: Path


@dataclass(frozen=True)
class OwnPictures(OwnClasses):
    """Pictures as files. Variants are copies, which the augmentation of the training varies."""

    parts: Mapping[str, Sequence[PictureFile]]

    def to_learn(self, variants: int, seed: int, progress: OnProgress = silent) -> Digits:
        return joined([self._seen(TRAINING, progress)] * variants)

    def to_measure(self, part: str, progress: OnProgress = silent) -> dict[str, Digits]:
        return {part: self._seen(part, progress)}

    def _seen(self, part: str, progress: OnProgress) -> Digits:
        files = self.parts[part]
        seen = draw_all(_open, [file.path for file in files], [file.label for file in files], 0, progress)
        blank = torch.nonzero(seen.images.amax(dim=(1, 2)) == 0).flatten().tolist()
        if blank:
            raise DataError(f"{files[blank[0]].path} is blank; accepted is dark ink on light paper, or light on dark")
        return seen


@dataclass(frozen=True)
class OwnStrokes(OwnClasses):
    """Pictures as strokes, which are drawn, photographed and scanned as the pen digits are."""

    parts: Mapping[str, Sequence[PenDigit]]

    def to_learn(self, variants: int, seed: int, progress: OnProgress = silent) -> Digits:
        return varied_pen_digits(self.parts[TRAINING], variants, seed, progress)

    def to_measure(self, part: str, progress: OnProgress = silent) -> dict[str, Digits]:
        sets = validation_pen_digits(self.parts[part], progress)
        return {f"{part}, {renderer}": digits for renderer, digits in sets.items()}


def read_own_classes(pictures: Path, labels: Path) -> OwnClasses:
    """Read which pictures there are, of which classes, and split them.

    Args:
        pictures: a folder that holds a folder of pictures for each class, or an .npz file of strokes: `points` (P, 2),
            x right and y down, `stroke_end` (S,) in points, `sample_end` (N,) in strokes, `labels` (N,), and `writers`
            (N,) where they are known.
        labels: `{"0": name, "1": name, ...}`.

    Raises:
        ArtifactError: the labels are missing or malformed.
        DataError: the labels do not fit the pictures, or pictures are missing, broken or too few.
    """
    names = read_labels(labels)
    if len(names) < 2 or len(set(names)) < len(names) or {"", NO_DIGIT} & set(names):
        raise DataError(
            f"{labels} names {', '.join(names)}; accepted are two or more, all different, none called {NO_DIGIT!r}"
        )
    if pictures.is_dir():
        return _read_folder(pictures, names)
    if pictures.is_file():
        return _read_strokes(pictures, names)
    raise DataError(f"{pictures} is missing; a folder of folders, or an .npz file of strokes is accepted")


def split_parts(labels: Sequence[int], writers: Sequence[str]) -> NDArray[np.str_]:
    """The part of each picture: by writer where there are `LEAST_WRITERS`, else every class in the same share."""
    rng = default_rng(SPLIT_SEED)
    by_writer = len(set(writers)) >= LEAST_WRITERS
    groups = np.array(writers) if by_writer else np.arange(len(labels))
    pools = [groups] if by_writer else [groups[np.array(labels) == label] for label in sorted(set(labels))]
    part_of: dict[Any, str] = {}
    for pool in pools:
        order = rng.permutation(np.unique(pool)).tolist()
        count = max(1, round(SHARE * len(order)))
        part_of |= dict.fromkeys(order[:count], VALIDATION) | dict.fromkeys(order[count : 2 * count], TEST)
    return np.array([part_of.get(group, TRAINING) for group in groups.tolist()])


def _read_folder(folder: Path, names: list[str]) -> OwnPictures:
    found = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if unnamed := set(found) - set(names):
        raise DataError(
            f"{folder} holds the folders {_listed(unnamed)}, which are none of the labels: {_listed(names)}"
        )
    paths = [path for name in found for path in sorted((folder / name).iterdir()) if not path.name.startswith(".")]
    if folders := [path for path in paths if path.is_dir()]:
        raise DataError(f"{folders[0]} is a folder; accepted in a class's folder are pictures alone")
    files = [PictureFile(names.index(path.parent.name), path) for path in paths]
    labels = [file.label for file in files]
    _check_counts(folder, names, labels)
    lines = [f"{file.path.relative_to(folder)} {sha256_of(file.path)}" for file in files]
    return OwnPictures(names, hashlib.sha256("\n".join(lines).encode()).hexdigest(), 0, _parted(files, labels, []))


def _read_strokes(path: Path, names: list[str]) -> OwnStrokes:
    arrays = load_stroke_arrays(path)
    strokes = np.split(arrays["points"].astype(np.float64), arrays["stroke_end"][:-1])
    starts = [0, *arrays["sample_end"][:-1].tolist()]
    found = arrays["labels"].astype(str).tolist()
    who = arrays["writers"].astype(str).tolist() if "writers" in arrays else []
    numbers = {writer: number for number, writer in enumerate(sorted(set(who)))}
    kept = [i for i, name in enumerate(found) if name in names]
    ends = arrays["sample_end"].tolist()
    samples = [
        PenDigit(names.index(found[i]), numbers[who[i]] if who else 0, tuple(strokes[starts[i] : ends[i]]))
        for i in kept
    ]
    labels = [sample.label for sample in samples]
    _check_counts(path, names, labels)
    parts = _parted(samples, labels, [who[i] for i in kept] if who else [])
    _check_counts(path, names, [sample.label for sample in parts[TRAINING]], " by the writers to learn from", 1)
    return OwnStrokes(names, sha256_of(path), len(found) - len(kept), parts)


def _parted(samples: Sequence[Any], labels: Sequence[int], writers: Sequence[str]) -> dict[str, list[Any]]:
    parts: dict[str, list[Any]] = {TRAINING: [], VALIDATION: [], TEST: []}
    for sample, part in zip(samples, split_parts(labels, writers).tolist(), strict=True):
        parts[part].append(sample)
    return parts


def _check_counts(
    source: Path, names: list[str], labels: Sequence[int], whose: str = "", least: int = LEAST_PICTURES
) -> None:
    counts = Counter(labels)
    few = [f"{counts[index]} of {name!r}" for index, name in enumerate(names) if counts[index] < least]
    if few:
        raise DataError(f"{source} holds {', '.join(few)}{whose}; of each label at least {least} pictures are accepted")


def _open(path: Path, _: Generator) -> Image.Image:
    try:
        return decode_picture(path.read_bytes())
    except InvalidImage as error:
        raise DataError(f"{path}: {error}") from error


def load_stroke_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file of strokes, once they are known to fit each other.

    Raises:
        DataError: the file is broken, or its arrays do not fit.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except (ValueError, TypeError, AttributeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as an .npz file without pickles: {error}") from error
    if missing := set(STROKE_KEYS) - arrays.keys():
        raise DataError(f"{path} has no {_listed(missing)}; it holds {_listed(arrays)}")
    points, stroke_end, sample_end = (arrays[name] for name in STROKE_KEYS[:3])
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "fiu" or not np.isfinite(points).all():
        raise DataError(f"{path}: points are {points.dtype} {points.shape}; (P, 2) finite numbers are accepted")
    for name, ends, last in (("stroke_end", stroke_end, len(points)), ("sample_end", sample_end, len(stroke_end))):
        whole = ends.ndim == 1 and ends.dtype.kind in "iu" and len(ends) > 0
        if not whole or (np.diff(ends.astype(np.int64), prepend=0) <= 0).any() or ends[-1] != last:
            raise DataError(f"{path}: {name} must be whole numbers that rise to {last}")
    for name in ("labels", "writers"):
        if name in arrays and arrays[name].shape != sample_end.shape:
            raise DataError(f"{path}: {name} are {arrays[name].shape}; {len(sample_end)} samples need one each")
    return arrays


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
