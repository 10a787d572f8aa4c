"""Exports of corrections, written as the page writes them."""

import json
import zipfile
from pathlib import Path
from typing import Any

from tests.drawing import draw_digit, encoded

PNG = encoded(draw_digit(3))
NAMES = [f"pictures/{number:06}.png" for number in (1, 2, 3)]


def entry(**changes: Any) -> dict[str, Any]:
    """A drawn three that was read as an eight, less what is changed."""
    return {
        "id": 1,
        "picture": NAMES[0],
        "kind": "drawing",
        "time": "2026-11-21T10:00:00.000Z",
        "correction": "3",
        "answer": {"label": "8", "confidence": 0.5, "recognised": True, "model": "mnist", "version": "1.0"},
        "strokes": [{"width": 0.07, "erases": False, "points": [{"x": 0.25, "y": 0.5}, {"x": 0.5, "y": 0.75}]}],
        **changes,
    }


def write_export(path: Path, entries: object, pictures: dict[str, bytes] | None = None, **index: object) -> Path:
    """Write an export with these entries; its pictures are `PNG`, under `NAMES`, unless told otherwise."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("corrections.json", json.dumps({"format": 1, "corrections": entries, **index}))
        for name, data in (dict.fromkeys(NAMES, PNG) if pictures is None else pictures).items():
            archive.writestr(name, data)
    return path
