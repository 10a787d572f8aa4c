"""What the page is told of the model in an archive: its labels, its metadata, its card."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from model.artifacts import LABELS_FILE, METADATA_FILE
from model.locations import RELEASED
from release.archive import MANIFEST


@dataclass(frozen=True)
class ModelDescription:
    """The model that is served.

    Attributes:
        version: the model's.
        labels: one for each class, in the order of the network's outputs.
        files: contents by the names that the page asks for; the card is left out where the archive's model is not
            the released one, which the card is about.
    """

    version: str
    labels: list[str]
    files: dict[str, bytes]


def describe(archive: Path) -> ModelDescription:
    """Read the description of an archive that was checked."""
    with zipfile.ZipFile(archive) as file:
        labels: dict[str, str] = json.loads(file.read(LABELS_FILE))
        metadata = file.read(METADATA_FILE)
        version: str = json.loads(file.read(MANIFEST))["model"]["modelVersion"]
    files = {"model.json": metadata}
    if metadata == (RELEASED / METADATA_FILE).read_bytes():
        files["MODEL_CARD.md"] = (RELEASED / "MODEL_CARD.md").read_bytes()
    return ModelDescription(version, [labels[str(index)] for index in range(len(labels))], files)
