"""Own classes: each picture in its class and its part, the same each time, and what does not fit is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from model.data.own_classes import (
    LEAST_PICTURES,
    LEAST_WRITERS,
    TEST,
    TRAINING,
    VALIDATION,
    OwnPictures,
    OwnStrokes,
    read_own_classes,
    split_parts,
)
from model.data.rendering import RENDERERS
from model.errors import ArtifactError, DataError
from model.preprocessing.digit import digit_image
from tests.drawing import draw_digit
from tests.own_classes import SHAPES, shape_samples, write_labels, write_pictures, write_strokes

NAMES = list(SHAPES)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_labels(tmp_path / "labels.json", SHAPES)


def test_a_folder_of_each_class_becomes_pictures_in_the_order_of_the_labels(labels: Path, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    (folder / "notes.txt").write_text("beside the folders")
    (folder / "ring" / ".DS_Store").write_text("hidden")
    own = read_own_classes(folder, labels)
    assert isinstance(own, OwnPictures)
    assert own.labels == NAMES
    assert {part: len(files) for part, files in own.parts.items()} == {TRAINING: 42, VALIDATION: 9, TEST: 9}
    counted: list[int] = []
    seen = own.to_learn(2, 1, counted.append)
    assert torch.bincount(seen.labels).tolist() == [28, 28, 28]
    assert torch.equal(seen.images[:42], seen.images[42:])
    assert sum(counted) == 42
    for file, image in zip(own.parts[TRAINING], seen.images, strict=False):
        assert file.path.parent.name == NAMES[file.label]
        assert (image.numpy() == digit_image(Image.open(file.path))).all()
    assert list(own.to_measure(TEST)) == [TEST]


def test_strokes_become_pictures_of_every_kind(labels: Path, tmp_path: Path) -> None:
    own = read_own_classes(write_strokes(tmp_path / "strokes.npz", shape_samples()), labels)
    assert isinstance(own, OwnStrokes)
    learned = own.to_learn(3, 1)
    assert torch.bincount(learned.labels).tolist() == [3 * 2 * 6] * 3
    assert not torch.equal(learned.images[0], learned.images[1])
    assert torch.equal(learned.images, own.to_learn(3, 1).images)
    assert not torch.equal(learned.images, own.to_learn(3, 2).images)
    sets = own.to_measure(VALIDATION)
    assert list(sets) == [f"validation, {renderer}" for renderer in RENDERERS]
    assert all(torch.bincount(digits.labels).tolist() == [4, 4, 4] for digits in sets.values())


def test_no_writer_is_in_two_parts(labels: Path, tmp_path: Path) -> None:
    samples = shape_samples(writers=LEAST_WRITERS)
    own = read_own_classes(write_strokes(tmp_path / "strokes.npz", samples * 2), labels)
    assert isinstance(own, OwnStrokes)
    writers = {part: {sample.writer for sample in found} for part, found in own.parts.items()}
    assert [len(writers[part]) for part in (TRAINING, VALIDATION, TEST)] == [3, 1, 1]
    assert len(set().union(*writers.values())) == LEAST_WRITERS


@pytest.mark.parametrize("writers", [[], ["one", "two"] * 60], ids=["unknown", "two"])
def test_without_writers_every_class_is_split_in_the_same_share(writers: list[str]) -> None:
    labels = [0] * 20 + [1] * 100
    parts = split_parts(labels, writers)
    assert [(parts[:20] == part).sum() for part in (TRAINING, VALIDATION, TEST)] == [14, 3, 3]
    assert [(parts[20:] == part).sum() for part in (TRAINING, VALIDATION, TEST)] == [70, 15, 15]
    assert (parts == split_parts(labels, writers)).all()


def test_strokes_of_other_labels_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write_strokes(tmp_path / "strokes.npz", shape_samples())
    own = read_own_classes(path, write_labels(tmp_path / "two.json", ["bar", "ring"]))
    assert own.left_out == 20
    assert set(own.to_learn(1, 1).labels.tolist()) == {0, 1}
    assert read_own_classes(path, write_labels(tmp_path / "three.json", SHAPES)).sha256 == own.sha256


def test_other_pictures_are_told_apart_by_their_hash(labels: Path, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    before = read_own_classes(folder, labels).sha256
    assert read_own_classes(folder, labels).sha256 == before
    draw_digit(3).save(folder / "ring" / "00.png")
    assert read_own_classes(folder, labels).sha256 != before


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["ring"], "names ring; accepted are two or more"),
        (["ring", "ring"], "names ring, ring; accepted are two or more, all different"),
        (["ring", "none"], "none called 'none'"),
        (["ring", "seven"], "holds the folders bar, which are none of the labels: ring, seven"),
        ([*NAMES, "star"], "holds 0 of 'star'; of each label at least 10 pictures are accepted"),
    ],
)
def test_labels_that_do_not_fit_the_folders_are_refused(names: list[str], complaint: str, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", each=LEAST_PICTURES)
    with pytest.raises(DataError, match=complaint):
        read_own_classes(folder, write_labels(tmp_path / "labels.json", names))


def test_too_few_pictures_are_counted(labels: Path, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", each=LEAST_PICTURES - 1)
    with pytest.raises(DataError, match="holds 9 of 'seven', 9 of 'ring', 9 of 'bar'; of each label at least 10"):
        read_own_classes(folder, labels)


@pytest.mark.parametrize("content", [b"GIF89a broken", b""], ids=["broken", "empty"])
def test_a_broken_picture_is_named(labels: Path, tmp_path: Path, content: bytes) -> None:
    folder = write_pictures(tmp_path / "pictures")
    for number in range(99, 90, -1):  # one of them is learned from
        (folder / "ring" / f"{number}.png").write_bytes(content)
    with pytest.raises(DataError, match=r"pictures/ring/9\d\.png: "):
        read_own_classes(folder, labels).to_learn(1, 1)


def test_a_blank_picture_is_named(labels: Path, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", each=0)
    for name in SHAPES:
        for number in range(LEAST_PICTURES):
            Image.new("L", (40, 40), 255).save(folder / name / f"{number}.png")
    with pytest.raises(DataError, match=r"pictures/\w+/\d\.png is blank; accepted is dark ink on light paper"):
        read_own_classes(folder, labels).to_measure(VALIDATION)


def test_a_folder_in_a_folder_of_pictures_is_named(labels: Path, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    (folder / "ring" / "more").mkdir()
    with pytest.raises(DataError, match="ring/more is a folder; accepted in a class's folder are pictures alone"):
        read_own_classes(folder, labels)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"labels": None}, "has no labels; it holds points, sample_end, stroke_end, writers"),
        ({"points": np.zeros((3, 3))}, r"points are float64 \(3, 3\); \(P, 2\) finite numbers are accepted"),
        ({"points": np.full((3, 2), np.nan)}, "finite numbers are accepted"),
        ({"stroke_end": np.array([4, 2])}, "stroke_end must be whole numbers that rise to"),
        ({"stroke_end": np.array([], int)}, "stroke_end must be whole numbers that rise to"),
        ({"sample_end": np.array([1.5])}, "sample_end must be whole numbers that rise to"),
        ({"labels": np.array(["ring"])}, r"labels are \(1,\); 60 samples need one each"),
        ({"writers": np.array(["me"])}, r"writers are \(1,\); 60 samples need one each"),
        ({"labels": np.array([{}] * 60)}, "cannot be read as an .npz file without pickles"),
    ],
)
def test_a_file_of_strokes_that_does_not_fit_together_is_refused(
    labels: Path, tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    path = write_strokes(tmp_path / "strokes.npz", shape_samples(), **changes)
    with pytest.raises(DataError, match=complaint):
        read_own_classes(path, labels)


def test_a_class_that_only_other_parts_hold_is_named(labels: Path, tmp_path: Path) -> None:
    path = write_strokes(tmp_path / "strokes.npz", shape_samples())
    own = read_own_classes(path, labels)
    assert isinstance(own, OwnStrokes)
    tested = f"writer {own.parts[TEST][0].writer}"
    samples = [s for s in shape_samples(each=10) if s[0] != "ring" or s[1] == tested]
    with pytest.raises(DataError, match="holds 0 of 'ring' by the writers to learn from; of each label at least 1 "):
        read_own_classes(write_strokes(tmp_path / "strokes.npz", samples), labels)


@pytest.mark.parametrize("content", [b"", b"no arrays", b"PK\x03\x04 broken"])
def test_what_is_no_file_of_strokes_is_named(labels: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strokes.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"strokes\.npz cannot be read as an \.npz file"):
        read_own_classes(path, labels)


def test_missing_files_are_named(labels: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none is missing; a folder of folders, or an \.npz file of strokes"):
        read_own_classes(tmp_path / "none", labels)
    with pytest.raises(ArtifactError, match=r"none\.json is missing"):
        read_own_classes(tmp_path, tmp_path / "none.json")
