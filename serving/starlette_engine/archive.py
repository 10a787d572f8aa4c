"""An archive as this engine serves it: unpacked, with what its model-config.yaml says of workers and queue."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from handler.protocols.description import describe
from model.artifacts import METADATA_FILE, read_metadata
from model.errors import ArtifactError
from release.archive import MANIFEST


@dataclass(frozen=True)
class ServedArchive:
    """One unpacked archive.

    Attributes:
        folder: where it lies.
        version: of the model.
        description: what the management API tells of the model.
        workers: how many answer.
        batch_size: the most requests that a worker answers by one forward pass.
        queue_size: the most requests that wait.
        response_timeout_s: how long a worker may take for a batch before it is replaced.
    """

    folder: Path
    version: str
    description: dict[str, Any]
    workers: int
    batch_size: int
    queue_size: int
    response_timeout_s: float


def unpack(archive: Path, folder: Path) -> ServedArchive:
    """Unpack an archive into a new folder.

    Raises:
        ArtifactError: it is broken, or a setting is missing.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["model"]
        config = yaml.safe_load((folder / manifest["configFile"]).read_text(encoding="utf-8"))
        return ServedArchive(
            folder,
            str(manifest["modelVersion"]),
            describe(read_metadata(folder / METADATA_FILE)),
            int(config["minWorkers"]),
            int(config["batchSize"]),
            int(config["jobQueueSize"]),
            float(config["responseTimeout"]),
        )
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ArtifactError(f"{archive} cannot be served ({error!r}); rebuild it with `make archive`") from error
