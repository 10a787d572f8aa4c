"""Packs the released network and its handler into a `.mar`, the same bytes each time."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from model.artifacts import (
    INK_FILE,
    LABELS_FILE,
    METADATA_FILE,
    MODEL_FILE,
    MODEL_NAME,
    check_belong_together,
    read_labels,
    read_metadata,
    write_atomically,
)
from model.errors import ArtifactError
from model.locations import RELEASED, ROOT
from model.preprocessing.digit import PREPROCESSING_VERSION
from release.archive_digest import CheckedArchive, matches_sidecar, read_checked, write_sidecar

DEFAULT_ARCHIVE = ROOT / "model_store" / f"{MODEL_NAME}.mar"
MANIFEST = "MAR-INF/MANIFEST.json"
ARCHIVER_TIMEOUT_S = 60
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip can hold

HANDLER = ROOT / "handler" / "digit_handler.py"
CONFIG = ROOT / "handler" / "model-config.yaml"
LABELS = ROOT / LABELS_FILE
PACKED_FOLDERS = {
    "handler": "**/*.py",
    "model": "*.py",
    "model/preprocessing": "*.py",
    "model/released": f"{Path(INK_FILE).stem}.*",
}
"""Folders of what the handler imports, and which of their files; names are the same in archive and repository."""


def labels_of(released: Path) -> Path:
    """The labels of the network in a folder: the file beside it, or else the digits'."""
    own = released / LABELS_FILE
    return own if own.exists() else LABELS


def packed_files() -> list[Path]:
    """The modules that an archive holds beside the handler's own file, and the ink network, in the order of names."""
    found = {path for folder, pattern in PACKED_FOLDERS.items() for path in (ROOT / folder).glob(pattern)}
    return sorted(found - {HANDLER})


def build_archive(output: Path = DEFAULT_ARCHIVE, released: Path = RELEASED) -> Path:
    """Pack the pair in `released` and its labels into `output` and return it; the same inputs give the same bytes.

    The digest that it is checked by is written beside it, after it: where this ends between the two, it is stale.

    Raises:
        ArtifactError: inputs are missing or do not belong together, or the archiver fails.
        OSError: `output` cannot be written.
    """
    metadata = read_metadata(released / METADATA_FILE)
    check_belong_together(released / MODEL_FILE, metadata, read_labels(labels_of(released)), PREPROCESSING_VERSION)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mnist-archive-") as work:
        content = _run_archiver(Path(work), released, metadata["version"])
        _fix_manifest(content / MANIFEST, metadata["created"])
        write_atomically(output, lambda path: _zip(content, path))
    write_sidecar(output)
    return output


def is_stale(archive: Path = DEFAULT_ARCHIVE, released: Path = RELEASED) -> bool:
    """Whether the archive is missing, older than anything it is made of, or not of the digest beside it."""
    if not archive.exists() or not matches_sidecar(archive):
        return True
    inputs = (
        released / MODEL_FILE,
        released / METADATA_FILE,
        labels_of(released),
        HANDLER,
        CONFIG,
        Path(__file__),
        *packed_files(),
    )
    built = archive.stat().st_mtime
    return any(path.stat().st_mtime > built for path in inputs if path.exists())


def load_archive(archive: Path, digest: str | None = None) -> CheckedArchive:
    """Read an archive whose digest is right, which is whole and holds what belongs together.

    Args:
        archive: the file.
        digest: `sha256:HEX`, which it must have; None for what the file beside it says.

    Raises:
        ArtifactError: it is missing, has another digest or none to check it by, is broken or incomplete.
        OSError: it cannot be read.
    """
    checked = read_checked(archive, digest)
    try:
        with checked.open() as file, tempfile.TemporaryDirectory(prefix="mnist-check-") as work:
            manifest = json.loads(file.read(MANIFEST))["model"]
            file.extractall(work, [MODEL_FILE, METADATA_FILE, LABELS_FILE, manifest["handler"]])
            folder = Path(work)
            metadata = read_metadata(folder / METADATA_FILE)
            labels = read_labels(folder / LABELS_FILE)
            check_belong_together(folder / MODEL_FILE, metadata, labels, metadata["preprocessing"]["version"])
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArtifactError(f"{archive} is broken ({error}); rebuild it with `make archive`") from error
    return checked


def version_of(archive: CheckedArchive) -> str:
    """The version that answers of an archive name.

    Raises:
        ArtifactError: the archive is broken.
    """
    try:
        with archive.open() as file:
            return str(json.loads(file.read(MANIFEST))["model"]["modelVersion"])
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArtifactError(f"{archive.path} is broken ({error}); rebuild it with `make archive`") from error


def _run_archiver(work: Path, released: Path, version: str) -> Path:
    """Let torch-model-archiver lay out the archive as a folder in `work`; returns that folder."""
    modules = work / "modules"
    for module in packed_files():
        target = modules / module.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, target)
    extra_files = ",".join(map(str, (modules, labels_of(released), released / METADATA_FILE)))
    arguments = {
        "--model-name": MODEL_NAME,
        "--version": version,
        "--serialized-file": released / MODEL_FILE,
        "--handler": HANDLER,
        "--extra-files": extra_files,
        "--config-file": CONFIG,
        "--export-path": work,
        "--archive-format": "no-archive",
    }
    scratch = work / "scratch"  # the archiver works in a folder of a fixed name below TMPDIR
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "model_archiver.model_packaging", *(str(x) for pair in arguments.items() for x in pair)],
        env=os.environ | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=ARCHIVER_TIMEOUT_S,
    )
    content = work / MODEL_NAME
    if done.returncode != 0 or not (content / MANIFEST).exists():
        last_line = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise ArtifactError(f"torch-model-archiver failed: {last_line[0]}")
    return content


def _fix_manifest(manifest: Path, created: str) -> None:
    """Date the archive by its network rather than by the clock, so that it can be built again byte for byte."""
    content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    content["createdOn"] = created
    manifest.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _zip(folder: Path, output: Path) -> None:
    """Zip a folder in the order of names, undated and stored, so that no clock, umask or zlib shows in the bytes."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                file.writestr(entry, path.read_bytes())
