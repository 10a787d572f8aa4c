"""The versions' files: a folder for each, with network, metadata, labels and archive, written whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, MODEL_NAME, read_metadata, write_json
from release.archive import build_archive, load_archive
from release.archive_digest import CheckedArchive
from release.versions.locations import store_folder

ARCHIVE = f"{MODEL_NAME}.mar"


def pack(released: Path, name: str) -> Path:
    """Lay out a version's files in a new folder beside its place, and return that folder.

    Args:
        released: the folder of a TorchScript file, its metadata and, where they are its own, its labels.
        name: the version; it takes the place of the one in the metadata.

    Raises:
        ArtifactError: the files are missing or do not belong together.
        OSError: they cannot be written.
    """
    store_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=store_folder()))
    try:
        metadata = read_metadata(released / METADATA_FILE)
        write_json(folder / METADATA_FILE, metadata | {"version": name})
        for file in (MODEL_FILE, LABELS_FILE):
            if (released / file).exists():
                shutil.copyfile(released / file, folder / file)
        build_archive(folder / ARCHIVE, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def keep(folder: Path, name: str) -> None:
    """Put a packed version in its place, whatever an interrupted attempt has left there."""
    place = store_folder() / name
    shutil.rmtree(place, ignore_errors=True)
    folder.rename(place)


@contextmanager
def removal(name: str) -> Iterator[Callable[[], None]]:
    """Yields what takes a version's files out of their place; they come back where the block fails after that."""
    place, aside = store_folder() / name, Path(tempfile.mkdtemp(prefix=".old-", dir=store_folder()))

    def take_out() -> None:
        if place.exists():
            place.rename(aside)

    try:
        yield take_out
    except BaseException:
        if any(aside.iterdir()):
            aside.rename(place)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def load(name: str, sha256: str) -> CheckedArchive:
    """Read a version's archive.

    Args:
        name: of the version.
        sha256: that it must have.

    Raises:
        ArtifactError: it is missing, has another digest, or is broken.
        OSError: it cannot be read.
    """
    return load_archive(store_folder() / name / ARCHIVE, f"sha256:{sha256}")
