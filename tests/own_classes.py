"""Own classes as users keep them: a labels file, a folder of pictures, a file of strokes."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.rendering import Strokes
from tests.drawing import STROKES, draw_digit

SHAPES = {"seven": 7, "ring": 0, "bar": 1}  # drawn as the digits' shapes, and not in the order of the alphabet


def write_labels(path: Path, labels: Iterable[str]) -> Path:
    """Write `{"0": name, "1": name, ...}`."""
    path.write_text(json.dumps({str(index): label for index, label in enumerate(labels)}), encoding="utf-8")
    return path


def write_pictures(folder: Path, each: int = 20) -> Path:
    """A folder of pictures for each of `SHAPES`, each picture by a pen of another width."""
    for name, digit in SHAPES.items():
        (folder / name).mkdir(parents=True)
        for number in range(each):
            suffix = ("png", "jpg", "webp")[number % 3]
            draw_digit(digit, width=8 + number).save(folder / name / f"{number:02}.{suffix}")
    return folder


def shape_samples(writers: int = 10, each: int = 2) -> list[tuple[str, str, Strokes]]:
    """`each` samples of each of `SHAPES` by each writer, with a stroke of its own length."""
    return [
        (name, f"writer {writer}", tuple(stroke * (1 + writer, 10 + number) for stroke in STROKES[digit]))
        for writer in range(writers)
        for name, digit in SHAPES.items()
        for number in range(each)
    ]


def write_strokes(path: Path, samples: Sequence[tuple[str, str, Strokes]], **changes: Any) -> Path:
    """Write labels, writers and strokes of samples as an .npz file, less the arrays that are changed, or None."""
    strokes = [stroke for _, _, strokes in samples for stroke in strokes]
    arrays = {
        "points": np.concatenate(strokes).astype(np.float32),
        "stroke_end": np.cumsum([len(stroke) for stroke in strokes], dtype=np.int32),
        "sample_end": np.cumsum([len(strokes) for _, _, strokes in samples], dtype=np.int32),
        "labels": np.array([label for label, _, _ in samples]),
        "writers": np.array([writer for _, writer, _ in samples]),
        **changes,
    }
    with path.open("wb") as file:
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    return path
