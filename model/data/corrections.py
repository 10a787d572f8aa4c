"""Corrections that people made on the page, read back from the zip file that it exports, to be learned from."""

import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from model.artifacts import LABELS_FILE, read_labels
from model.data.digits import NOT_A_DIGIT, Digits
from model.errors import DataError, InvalidImage
from model.locations import ROOT
from model.preprocessing.decoding import MAX_BYTES, decode_picture
from model.preprocessing.digit import SIDE, digit_image
from model.preprocessing.images import GreyImage

FORMAT = 1
INDEX = "corrections.json"
PICTURE = re.compile(r"pictures/\d{1,15}\.(png|jpg|webp|gif|bmp)")
NO_DIGIT = "none"  # the label of a picture that shows no digit
KINDS = ("drawing", "picture", "sample")

MAX_CORRECTIONS = 50_000
MAX_INDEX_BYTES = 64 * 2**20  # with its strokes, which take some 4 KB
FARTHEST = 100  # a stroke may leave the pad by this many sides
MAX_POINTS = 100_000  # in one drawing: an hour of pen at 30 points a second

# What zipfile raises for a broken archive or member; RuntimeError for an encrypted one.
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True)
class Stroke:
    """One line of a drawing.

    Attributes:
        points: float32 (P, 2), x and y; 1 is the pad's side, (0, 0) its top left corner, y points down.
        width: of the pen, in the same unit.
        erases: it takes ink away instead of leaving some.
    """

    points: NDArray[np.float32]
    width: float
    erases: bool

    def to_json(self) -> dict[str, Any]:
        """As `parse_stroke` takes it."""
        points = [{"x": float(x), "y": float(y)} for x, y in self.points]
        return {"points": points, "width": self.width, "erases": self.erases}


@dataclass(frozen=True)
class Correction:
    """Where one digit comes from.

    Attributes:
        picture: name of its file in the archive.
        kind: one of `KINDS`; a sample is one of MNIST's test digits, and nothing to learn from.
        time: when it was corrected, ISO 8601.
        label: index of what it was, or `NOT_A_DIGIT`.
        read_as: the label that the model gave it.
        confidence: of the model in that label, 0 to 1.
        model: name and version of the model.
        strokes: of a drawing; none for pictures.
    """

    picture: str
    kind: str
    time: str
    label: int
    read_as: str
    confidence: float
    model: str
    strokes: tuple[Stroke, ...]


@dataclass(frozen=True)
class Corrections:
    """Corrected digits as the network sees them, and where the i-th of them comes from."""

    digits: Digits
    origins: tuple[Correction, ...]

    def to_learn(self) -> Digits:
        """The digits that may be learned from: MNIST's test digits, which the page shows too, may not."""
        return self.digits[torch.tensor([origin.kind != "sample" for origin in self.origins], dtype=torch.bool)]


def read_corrections(path: Path, labels: Sequence[str] = ()) -> Corrections:
    """Read an export of the page, each picture through the one preprocessing.

    Args:
        path: the zip file.
        labels: names of the classes, in the order of the network's outputs; none for the digits.

    Raises:
        DataError: the file is missing, no such export, or broken; the message names the entry.
    """
    origins, images = [], []
    for origin, picture in read_entries(path, labels):
        origins.append(origin)
        images.append(_seen(path, origin.picture, picture))
    stacked = np.stack(images) if images else np.empty((0, SIDE, SIDE), np.uint8)
    indices = torch.tensor([origin.label for origin in origins], dtype=torch.int64)
    return Corrections(Digits(torch.from_numpy(stacked), indices), tuple(origins))


def read_entries(export: Path | BinaryIO, labels: Sequence[str] = ()) -> Iterator[tuple[Correction, bytes]]:
    """Read an export of the page, entry by entry, each with the bytes of its picture.

    Args:
        export: the zip file.
        labels: names of the classes, in the order of the network's outputs; none for the digits.

    Raises:
        DataError: the file is missing, no such export, or broken; the message names the entry.
    """
    labels = labels or read_labels(ROOT / LABELS_FILE)
    name = str(export) if isinstance(export, Path) else "the file"
    try:
        with zipfile.ZipFile(export) as archive:
            for origin in _parse_index(name, _read(archive, name, INDEX, MAX_INDEX_BYTES), labels):
                yield origin, _read(archive, name, origin.picture, MAX_BYTES)
    except FileNotFoundError as error:
        raise DataError(f"{name} is missing") from error
    except _BROKEN as error:
        raise DataError(f"{name} cannot be read as a zip file: {error}") from error


def _read(archive: zipfile.ZipFile, export: str, name: str, max_bytes: int) -> bytes:
    """A member's bytes, never more than `max_bytes` of them, whatever its header claims."""
    try:
        with archive.open(name) as member:
            data = member.read(max_bytes + 1)
    except KeyError as error:
        raise DataError(f"{export} has no {name}; is it an export of the page?") from error
    if len(data) > max_bytes:
        raise DataError(f"{export}: {name} unpacks to more than the {max_bytes:,} bytes that are accepted")
    return data


def _seen(path: Path, name: str, data: bytes) -> GreyImage:
    try:
        return digit_image(decode_picture(data))
    except InvalidImage as error:
        raise DataError(f"{path}: {name}: {error}") from error


def _parse_index(path: str, data: bytes, labels: Sequence[str]) -> tuple[Correction, ...]:
    try:
        index = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: {INDEX} is not JSON: {error}") from error
    found = index.get("format") if isinstance(index, dict) else None
    if found != FORMAT:
        raise DataError(f"{path}: {INDEX} has format {found!r}; this code reads format {FORMAT}")
    entries = index.get("corrections")
    if not isinstance(entries, list) or len(entries) > MAX_CORRECTIONS:
        seen = f"{len(entries):,} of them" if isinstance(entries, list) else type(entries).__name__
        raise DataError(f"{path}: corrections are a list of at most {MAX_CORRECTIONS:,}, not {seen}")
    accepted = {**{label: index for index, label in enumerate(labels)}, NO_DIGIT: NOT_A_DIGIT}
    origins = tuple(_named_entry(path, number, entry, accepted) for number, entry in enumerate(entries))
    names = [origin.picture for origin in origins]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two entries of {INDEX} name the same picture")
    return origins


def _named_entry(path: str, number: int, entry: Any, accepted: dict[str, int]) -> Correction:
    try:
        return _parse_entry(entry, accepted)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise DataError(f"{path}: entry {number} of {INDEX}: {reason}") from error


def _parse_entry(entry: dict[str, Any], accepted: dict[str, int]) -> Correction:
    """One entry of the index; `ValueError`, `TypeError` and `KeyError` tell what is wrong with it."""
    answer = entry["answer"]
    correction = Correction(
        picture=_text(entry, "picture"),
        kind=_text(entry, "kind"),
        time=_text(entry, "time"),
        label=_one_of(accepted, _text(entry, "correction"), "correction"),
        read_as=_text(answer, "label"),
        confidence=_number(answer["confidence"], 0, 1),
        model=f"{answer.get('model')} {answer.get('version')}",
        strokes=tuple(parse_stroke(stroke) for stroke in entry["strokes"]),
    )
    if not PICTURE.fullmatch(correction.picture):
        raise ValueError(f"the picture {correction.picture!r} is not like pictures/000001.png")
    if correction.kind not in KINDS:
        raise ValueError(f"the kind is {correction.kind!r}; {', '.join(KINDS)} are known")
    if sum(len(stroke.points) for stroke in correction.strokes) > MAX_POINTS:
        raise ValueError(f"the drawing has more than {MAX_POINTS:,} points")
    return correction


def parse_stroke(stroke: dict[str, Any]) -> Stroke:
    """A stroke by its JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none; the message says what is wrong.
    """
    points = [[_number(point[axis], -FARTHEST, FARTHEST) for axis in "xy"] for point in stroke["points"]]
    return Stroke(np.array(points, np.float32).reshape(-1, 2), _number(stroke["width"], 0, 1), stroke["erases"] is True)


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is {value!r}, and should be text")
    return value


def _number(value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a number")
    if not least <= value <= most:
        raise ValueError(f"{value!r} is not between {least:g} and {most:g}")
    return float(value)


def _one_of(choices: dict[str, int], value: str, name: str) -> int:
    if value not in choices:
        raise ValueError(f"the {name} is {value!r}; {', '.join(choices)} are accepted")
    return choices[value]
