"""What the page is told of the model in an archive: its labels, its metadata, its card."""

from __future__ import annotations

import json
from dataclasses import dataclass

from model.artifacts import LABELS_FILE, METADATA_FILE
from model.locations import RELEASED
from release.archive import version_of
from release.archive_digest import CheckedArchive


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


def describe(archive: CheckedArchive) -> ModelDescription:
    """Read the description of an archive."""
    with archive.open() as file:
        labels: dict[str, str] = json.loads(file.read(LABELS_FILE))
        metadata = file.read(METADATA_FILE)
    files = {"model.json": metadata}
    if metadata == (RELEASED / METADATA_FILE).read_bytes():
        files["MODEL_CARD.md"] = (RELEASED / "MODEL_CARD.md").read_bytes()
    return ModelDescription(version_of(archive), [labels[str(index)] for index in range(len(labels))], files)


def update_files(files: dict[str, bytes], archive: CheckedArchive) -> None:
    """Let files that are being shown be those of another archive."""
    new = describe(archive).files
    files.update(new)
    for name in files.keys() - new.keys():
        del files[name]
