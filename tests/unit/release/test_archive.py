"""The archive: whole, the same bytes each time, and never made of parts that do not belong together."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, labels_sha256, read_json, write_json
from model.errors import ArtifactError
from model.locations import RELEASED
from release import archive as packing
from release.archive import LABELS, MANIFEST, build_archive, is_stale, labels_of, load_archive
from release.archive_digest import write_sidecar
from release.open_archive import open_model


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("store") / "mnist.mar")


def test_the_archive_holds_all_that_the_handler_needs(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
        manifest = json.loads(file.read(MANIFEST))
        assert file.read(MODEL_FILE) == (RELEASED / MODEL_FILE).read_bytes()
    assert names >= {
        "digit_handler.py",
        "handler/protocols/parsing.py",
        "model/preprocessing/digit.py",
        "model/released/ink.json",
        "model/released/ink.pt",
        "index_to_name.json",
        "model-config.yaml",
        MODEL_FILE,
        METADATA_FILE,
    }
    assert not [name for name in names if name.endswith(".onnx")]
    assert not [name for name in names if name.startswith(("model/data/", "model/training/", "model/evaluation/"))]
    assert manifest["model"]["handler"] == "digit_handler.py"
    assert manifest["model"]["modelName"] == "mnist"


def test_the_handler_in_the_archive_needs_nothing_from_the_repository(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path)
    code = "import digit_handler, sys; print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in ROOMS))"
    rooms = {"model", "handler", "release", "serving", "scripts"}
    done = subprocess.run(
        [sys.executable, "-c", f"ROOMS = {rooms}; {code}"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = [Path(name) for name in done.stdout.split()]
    assert len(loaded) > 15
    assert all(path.is_relative_to(tmp_path) for path in loaded)


def test_two_builds_are_byte_identical(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1"}.items():
        monkeypatch.setenv(variable, value)
    before = os.umask(0o077)
    try:
        again = build_archive(tmp_path / "again.mar")
    finally:
        os.umask(before)
    assert again.read_bytes() == archive.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.mar", "again.mar.sha256"]


def test_an_archive_is_stale_when_missing_or_older_than_an_input(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_stale(tmp_path / "none.mar")
    assert not is_stale(archive)
    newer = tmp_path / "index_to_name.json"
    newer.write_text("{}")
    monkeypatch.setattr(packing, "LABELS", newer)
    os.utime(newer, (archive.stat().st_mtime + 10,) * 2)
    assert is_stale(archive)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A copy of the released pair, to be damaged."""
    return Path(shutil.copytree(RELEASED, tmp_path / "released"))


def test_a_network_and_metadata_of_different_exports_are_refused(released: Path, tmp_path: Path) -> None:
    with (released / MODEL_FILE).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactError, match=r"mnist\.pt is not the network that mnist\.json describes"):
        build_archive(tmp_path / "mnist.mar", released)
    assert not (tmp_path / "mnist.mar").exists()


def test_a_missing_input_is_named(released: Path, tmp_path: Path) -> None:
    (released / METADATA_FILE).unlink()
    with pytest.raises(ArtifactError, match=r"mnist\.json is missing"):
        build_archive(tmp_path / "mnist.mar", released)


def test_labels_for_another_number_of_classes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = tmp_path / "index_to_name.json"
    labels.write_text('{"0": "0", "1": "1"}')
    monkeypatch.setattr(packing, "LABELS", labels)
    with pytest.raises(ArtifactError, match=r"index_to_name\.json names 2 classes, the network has 10"):
        build_archive(tmp_path / "mnist.mar")


def test_labels_beside_the_network_are_packed_rather_than_the_digits(released: Path, tmp_path: Path) -> None:
    shutil.copy(LABELS, released)
    assert labels_of(released) == released / LABELS_FILE
    assert labels_of(RELEASED) == LABELS
    (released / LABELS_FILE).write_text('{"0": "A", "1": "B"}')
    with pytest.raises(ArtifactError, match=r"index_to_name\.json names 2 classes, the network has 10"):
        build_archive(tmp_path / "letters.mar", released)


def test_a_network_of_own_classes_is_not_packed_with_other_labels(released: Path, tmp_path: Path) -> None:
    letters = list("ABCDEFHKMX")
    metadata = read_json(released / METADATA_FILE)
    metadata["training"]["config"]["labels"] = labels_sha256(letters)
    write_json(released / METADATA_FILE, metadata)
    with pytest.raises(ArtifactError, match="names other classes, or in another order, than the network was trained"):
        build_archive(tmp_path / "letters.mar", released)
    write_json(released / LABELS_FILE, {str(i): letter for i, letter in enumerate(letters)})
    archive = build_archive(tmp_path / "letters.mar", released)
    load_archive(archive)
    assert not is_stale(archive, released)
    os.utime(released / LABELS_FILE, (archive.stat().st_mtime + 10,) * 2)
    assert is_stale(archive, released)
    assert open_model(archive)[0].labels == open_model(released / MODEL_FILE)[0].labels == letters


def test_a_whole_archive_passes_its_check(archive: Path) -> None:
    assert load_archive(archive).content == archive.read_bytes()


@pytest.mark.parametrize("keep", [0, 100, -100], ids=["empty", "a start", "all but the end"])
def test_a_broken_archive_is_refused(archive: Path, tmp_path: Path, keep: int) -> None:
    broken = tmp_path / "mnist.mar"
    broken.write_bytes(archive.read_bytes()[:keep])
    write_sidecar(broken)
    with pytest.raises(ArtifactError, match=r"mnist\.mar is broken .*; rebuild it with `make archive`"):
        load_archive(broken)


def test_a_flipped_bit_in_the_network_is_noticed(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        at = packed.getinfo("mnist.pt").header_offset + 50_000
    content = bytearray(archive.read_bytes())
    content[at] ^= 1
    broken = tmp_path / "mnist.mar"
    broken.write_bytes(content)
    write_sidecar(broken)
    with pytest.raises(ArtifactError, match="broken"):
        load_archive(broken)
