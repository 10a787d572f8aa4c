"""Measures a trained network as a release would be: exported, packed, opened from its archive."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from model.artifacts import read_json
from model.data.digits import Digits
from model.evaluation.speed import forward_pass_of, measure_speed
from model.training.checkpoints import BEST, config_of, load_checkpoint
from release.archive import build_archive
from release.export import export
from release.open_archive import open_model

BATCH = 32


def digit_runs(folder: Path) -> list[Path]:
    """Run folders in a folder that hold a network of digits; those of own classes cannot be measured beside it."""
    found = sorted(folder.glob(f"*/{BEST}"))
    return [best.parent for best in found if not config_of(load_checkpoint(best))["labels"]]


def measure_run(
    folder: Path, validation: Mapping[str, Digits], tests: Mapping[str, Digits], nondigits: Mapping[str, Digits]
) -> dict[str, Any]:
    """What the comparison keeps of the network in a run folder."""
    checkpoint = load_checkpoint(folder / BEST)
    history = read_json(folder / "history.json")["epochs"]
    with tempfile.TemporaryDirectory(prefix="mnist-compare-") as work:
        metadata = export(checkpoint, validation, tests, nondigits, Path(work))
        archive = build_archive(Path(work) / "mnist.mar", Path(work))
        speed = measure_speed(
            lambda: open_model(archive)[0], Image.fromarray(next(iter(tests.values())).images[0].numpy())
        )
    return {
        "network": metadata["architecture"]["network"],
        "parameters": metadata["architecture"]["parameters"],
        "bytes": metadata["torchscript"]["bytes"],
        "has_teacher": bool(checkpoint["config"]["teacher"]),
        "epochs": len(history),
        "training_seconds": round(sum(record["seconds"] for record in history)),
        "accuracy": {name: one["accuracy"] for name, one in metadata["metrics"].items()},
        "refused_nondigits": metadata["refused_nondigits"],
        "forward_ms": speed["a_picture"][forward_pass_of(BATCH)]["median_ms"],
        "machine": speed["machine"],
    }
