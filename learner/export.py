"""Writes corrections as the zip file that the page exports, and reads such a file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from learner.accepted import LABELS, Correction
from learner.corrections import Kept
from model.artifacts import MODEL_NAME
from model.data.corrections import FORMAT, INDEX, NO_DIGIT, read_entries
from model.data.digits import NOT_A_DIGIT
from model.preprocessing.decoding import media_type
from release.versions.deployments import now

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif", "image/bmp": "bmp"}


def export_zip(corrections: Iterable[tuple[Kept, Correction]]) -> bytes:
    """The file, with all these corrections but TIFF pictures, which browsers do not show either."""
    content = io.BytesIO()
    entries: list[dict[str, Any]] = []
    with zipfile.ZipFile(content, "w") as file:
        for number, (kept, correction) in enumerate(corrections, 1):
            extension = EXTENSIONS.get(media_type(correction.picture))
            if extension is None:
                continue
            name = f"pictures/{number:06}.{extension}"
            file.writestr(name, correction.picture)
            entries.append(
                {
                    "id": number,
                    "time": kept.received.isoformat(),
                    "kind": "drawing" if correction.strokes else "picture",
                    "strokes": list(correction.strokes),
                    "answer": {
                        "label": kept.answer or "",
                        "confidence": kept.confidence or 0.0,
                        "model": MODEL_NAME,
                        "version": kept.version or "",
                    },
                    "correction": kept.label,
                    "picture": name,
                }
            )
        index = {"format": FORMAT, "exported": now().isoformat(), "corrections": entries}
        file.writestr(INDEX, json.dumps(index, indent=1))
    return content.getvalue()


def import_zip(content: bytes) -> Sequence[Correction]:
    """The corrections in such a file; what the page calls a sample is nothing to learn from, and is left out.

    Raises:
        DataError: it is no such file, or broken.
    """
    found = []
    for entry, picture in read_entries(io.BytesIO(content)):
        if entry.kind != "sample":
            label = NO_DIGIT if entry.label == NOT_A_DIGIT else LABELS[entry.label]
            strokes = [stroke.to_json() for stroke in entry.strokes]
            version = entry.model.partition(" ")[2] or None
            found.append(Correction(picture, label, entry.read_as or None, entry.confidence, version, strokes))
    return found
