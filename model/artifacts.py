"""Files that belong together, the network, its metadata and its labels: written whole, checked on reading."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model.errors import ArtifactError

MODEL_NAME = "mnist"  # in the addresses of a server
MODEL_FILE = f"{MODEL_NAME}.pt"
METADATA_FILE = f"{MODEL_NAME}.json"
LABELS_FILE = "index_to_name.json"
INK_FILE, INK_METADATA_FILE = "ink.pt", "ink.json"
METADATA_FORMAT = 2  # format 1 kept its rejection threshold as a confidence


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it: readers see the old file or the new, whole.

    Raises:
        OSError: names `path` where the cause does not name a file itself, say on a full disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write indented JSON atomically."""
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_json(path: Path) -> Any:
    """Parse a JSON file; `ArtifactError` names it where it is missing or malformed."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing") from error
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON: {error}") from error


def read_labels(path: Path) -> list[str]:
    """Labels in the order of the network's outputs, from `{"0": name, "1": name, ...}`.

    Raises:
        ArtifactError: the file is missing, malformed, or its keys are not 0, 1, 2, ...
    """
    names = read_json(path)
    if not isinstance(names, dict) or {str(i) for i in range(len(names))} != set(names):
        raise ArtifactError(f"{path} must map each class index '0', '1', ... to a name")
    return [str(names[str(i)]) for i in range(len(names))]


def labels_sha256(labels: Sequence[str]) -> str:
    """SHA-256 of labels in their order, in hexadecimal; how their file is indented does not matter."""
    return hashlib.sha256(json.dumps(list(labels)).encode()).hexdigest()


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata beside a network; `ArtifactError` where it is missing, malformed or of another format."""
    metadata = read_json(path)
    found = metadata.get("format") if isinstance(metadata, dict) else None
    if found != METADATA_FORMAT:
        raise ArtifactError(f"{path} has metadata format {found}; this code reads format {METADATA_FORMAT}")
    return dict(metadata)


def check_belong_together(model: Path, metadata: dict[str, Any], labels: list[str], preprocessing_version: str) -> None:
    """Refuse a network, metadata, labels and preprocessing that were not made for each other.

    Raises:
        ArtifactError: says which two differ, and in what.
    """
    if not model.exists():
        raise ArtifactError(f"{model} is missing")
    expected = metadata["torchscript"]["sha256"]
    found = sha256_of(model)
    if found != expected:
        raise ArtifactError(
            f"{model.name} is not the network that {METADATA_FILE} describes: SHA-256 {found[:12]}..., "
            f"expected {expected[:12]}...; export both again"
        )
    if len(labels) != metadata["architecture"]["classes"]:
        raise ArtifactError(
            f"{LABELS_FILE} names {len(labels)} classes, the network has {metadata['architecture']['classes']}"
        )
    trained_on = metadata.get("training", {}).get("config", {}).get("labels")
    if trained_on and trained_on != labels_sha256(labels):
        raise ArtifactError(
            f"{LABELS_FILE} names other classes, or in another order, than the network was trained on; the one that "
            f"`make export` wrote belongs beside {METADATA_FILE}"
        )
    if metadata["preprocessing"]["version"] != preprocessing_version:
        raise ArtifactError(
            f"the network was trained with preprocessing {metadata['preprocessing']['version']}, "
            f"this code has {preprocessing_version}; train again or check out the code that it was trained with"
        )
