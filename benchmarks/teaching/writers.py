"""People on whom nothing was trained or chosen, and what each wrote, as corrections that their drawings would give."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from learner.teaching.examples import Example
from model.data.corrections import Stroke
from model.data.digits import load_pen
from model.data.drawn_sets import split_writers
from model.data.pen_strokes import draw_strokes, fit_to_box

PAD_PX = 280
SPAN = 0.6  # of the pad's side that a digit takes
PEN = 0.05  # of the pad's side
LEAST = 30  # digits of a writer
SWISS = ("0005_CH3M", "0012_CH3M", "0020_CH4M")
"""The validation writers of the Swiss numbers."""


@dataclass(frozen=True)
class Writer:
    """Someone, and what they wrote.

    Attributes:
        name: the collection and the person's id in it.
        digits: each labelled rightly.
    """

    name: str
    digits: Sequence[Example]


def validation_writers(data: Path) -> list[Writer]:
    """All with at least `LEAST` digits: of the pen strokes, UNIPEN, the iPad's and the Swiss numbers.

    Args:
        data: the folder of the data; `strangers/README.md` there says who writes for validation.

    Raises:
        DataError, OSError: data are missing.
    """
    written: dict[str, list[Example]] = {}
    for digit in split_writers(load_pen(data))[1]:
        _add(written, f"pen {digit.writer}", _drawn(digit.strokes, digit.label))
    strangers = data / "strangers"
    for strokes, label, writer in _stroke_file(strangers / "unipen_digits.npz"):
        if writer.rpartition("-")[2][1] == "1":
            _add(written, f"UNIPEN {writer}", _drawn(strokes, label))
    for strokes, label, writer in _stroke_file(strangers / "skahl_ipad.npz"):
        if writer == "6":
            _add(written, "iPad 6", _drawn(strokes, label))
    with zipfile.ZipFile(strangers / "swiss_numbers_train.zip") as archive:
        for name in archive.namelist():
            person, digit_folder, file = name.split("/")
            if person in SWISS and file:
                _add(written, f"Swiss {person}", Example("", archive.read(name), digit_folder))
    return [Writer(name, digits) for name, digits in written.items() if len(digits) >= LEAST]


def _add(written: dict[str, list[Example]], writer: str, example: Example) -> None:
    digits = written.setdefault(writer, [])
    digits.append(Example(f"{writer} {len(digits)}", example.picture, example.label, example.strokes))


def _stroke_file(path: Path) -> Iterator[tuple[tuple[NDArray[np.float64], ...], int, str]]:
    """Strokes, label and writer of each sample."""
    file = np.load(path)
    points, ends = file["points"].astype(np.float64), np.r_[0, file["stroke_end"]]
    first = 0
    for last, label, writer in zip(file["sample_end"], file["labels"], file["writers"], strict=True):
        yield tuple(points[ends[i] : ends[i + 1]] for i in range(first, last)), int(label), str(writer)
        first = last


def _drawn(strokes: tuple[NDArray[np.float64], ...], label: int) -> Example:
    """Drawn on the page's pad."""
    margin = PAD_PX * (1 - SPAN) / 2
    placed = fit_to_box(strokes, margin, margin, PAD_PX * SPAN)
    ink = draw_strokes(placed, (PAD_PX, PAD_PX), PEN * PAD_PX)
    png = io.BytesIO()
    Image.fromarray(255 - ink).save(png, "png")
    kept = tuple(Stroke((stroke / PAD_PX).astype(np.float32), PEN, erases=False) for stroke in placed)
    return Example("", png.getvalue(), str(label), kept)
