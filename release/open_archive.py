"""Opens the recogniser that is to be measured: the released archive, another, or TorchScript and its metadata."""

import tempfile
from pathlib import Path
from typing import Any

from model.artifacts import LABELS_FILE, METADATA_FILE, MODEL_FILE, sha256_of
from model.errors import ArtifactError
from model.locations import ROOT
from model.recogniser import Recogniser
from release.archive import DEFAULT_ARCHIVE, build_archive, is_stale, labels_of, load_archive, packed_files
from release.archive_digest import CheckedArchive

PREPROCESSING = ("model/preprocessing/", "model/released/")  # the ink network is part of it


def open_model(path: Path) -> tuple[Recogniser, dict[str, Any]]:
    """Open a `.mar` or a `.pt`; the archive that `make archive` builds is built first where it is missing or stale.

    Returns:
        The recogniser, and what the report tells of it and of its file.

    Raises:
        ArtifactError: the file is missing, broken or of another kind, was made with another preprocessing, or is an
            archive of another digest than the file beside it says.
    """
    if path.suffix not in (".mar", ".pt"):
        raise ArtifactError(f"{path} is neither a .mar archive nor a .pt file of TorchScript")
    if path.resolve() == DEFAULT_ARCHIVE and is_stale():
        build_archive()
    if path.suffix == ".mar":
        archive = load_archive(path)
        opened, size, sha256 = _open_archive(archive), len(archive.content), archive.sha256
    else:
        opened, size, sha256 = _open_pair(path), path.stat().st_size, sha256_of(path)
    return opened, describe(opened) | {"file": path.name, "bytes": size, "sha256": sha256}


def describe(recogniser: Recogniser) -> dict[str, Any]:
    """What the metadata says of the network, its calibration and its origin."""
    metadata = recogniser.metadata
    return {
        "name": metadata["model"],
        "version": metadata["version"],
        "network": metadata["architecture"]["network"],
        "parameters": metadata["architecture"]["parameters"],
        "network_sha256": metadata["torchscript"]["sha256"],
        "torchscript_bytes": metadata["torchscript"]["bytes"],
        "created": metadata["created"],
        "commit": metadata["commit"],
        "calibration": metadata["calibration"]["method"],
        "temperature": metadata["calibration"]["temperature"],
        "score": metadata["rejection"]["score"],
        "threshold": recogniser.threshold,
    }


def _open_pair(path: Path) -> Recogniser:
    return Recogniser.load(path, path.with_suffix(".json"), labels_of(path.parent))


def _open_archive(archive: CheckedArchive) -> Recogniser:
    """The recogniser of an archive, if the preprocessing packed into it is this checkout's, byte for byte."""
    with tempfile.TemporaryDirectory(prefix="mnist-evaluate-") as work, archive.open() as file:
        packed = {name for name in file.namelist() if name.startswith(PREPROCESSING)}
        names = (path.relative_to(ROOT).as_posix() for path in packed_files())
        ours = {name for name in names if name.startswith(PREPROCESSING)}
        for module in sorted(packed | ours):
            if module not in packed & ours or file.read(module) != (ROOT / module).read_bytes():
                raise ArtifactError(
                    f"{archive.path} holds another {module} than this checkout; rebuild it with `make archive`, "
                    "or measure it with the checkout that it was built from"
                )
        file.extractall(work, [MODEL_FILE, METADATA_FILE, LABELS_FILE])
        return Recogniser.load_folder(Path(work))
