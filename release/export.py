"""Turns a checkpoint into the released pair: TorchScript, checked against the eager network, and its metadata."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model.artifacts import (
    LABELS_FILE,
    METADATA_FILE,
    METADATA_FORMAT,
    MODEL_FILE,
    MODEL_NAME,
    read_labels,
    sha256_of,
    write_atomically,
    write_json,
)
from model.calibration import CALIBRATION_METHOD, REJECTION_SCORE, fit_temperature, rejection_threshold
from model.data.digits import Digits
from model.errors import ArtifactError
from model.evaluation.metrics import measure, refused_share
from model.preprocessing.digit import MEAN, PREPROCESSING_VERSION, STD
from model.torchscript import compile_network, save_network
from model.training.batches import network_logits, standardise, to_ink
from model.training.checkpoints import check_labels, config_of, network_of
from model.training.networks import count_parameters
from release.archive import LABELS

MODEL_VERSION = "1.0"
LARGEST_DIFFERENCE = 1e-5  # between the logits of the TorchScript and the eager network
PARITY_BATCHES = (1, 2, 7, 32, 256)
_PACKAGES = ("torch", "torchvision", "numpy", "opencv-python-headless", "pillow")


def export(
    checkpoint: dict[str, Any],
    validation: Mapping[str, Digits],
    test: Mapping[str, Digits],
    nondigits: Mapping[str, Digits],
    folder: Path,
    *,
    labels: Sequence[str] = (),
    commit: str = "",
) -> dict[str, Any]:
    """Write `mnist.pt` and `mnist.json` to `folder`, with the labels of own classes beside them; return the metadata.

    The temperature and the rejection threshold are fitted on all validation digits together; the others are only
    measured.

    Args:
        checkpoint: from `model.training.checkpoints.load_checkpoint`.
        validation: digits that training did not learn from, by the name of their set.
        test: digits that nothing was chosen by.
        nondigits: pictures of no digit.
        folder: created if missing; a pair that is there is replaced.
        labels: of own classes, those that the checkpoint was trained on; none for the digits.
        commit: the source's commit, kept in the metadata.

    Raises:
        ArtifactError: the checkpoint was trained on other labels, or TorchScript and eager network differ by more than
            `LARGEST_DIFFERENCE`.
    """
    check_labels(checkpoint, labels)
    network, classes = network_of(checkpoint), config_of(checkpoint)["classes"]
    script = compile_network(network)
    check_parity(network, script, next(iter(validation.values())).images)

    logits = {name: network_logits(script, digits.images) for name, digits in {**validation, **test}.items()}
    pooled = torch.cat([logits[name] for name in validation])
    truth = torch.cat([digits.labels for digits in validation.values()])
    temperature = fit_temperature(pooled, truth)
    threshold = rejection_threshold(torch.softmax(pooled / temperature, dim=1))
    metrics = {
        name: asdict(measure(torch.softmax(logits[name] / temperature, dim=1), digits.labels, threshold))
        for name, digits in {**validation, **test}.items()
    }
    refused = {
        name: refused_share(torch.softmax(network_logits(script, digits.images) / temperature, dim=1), threshold)
        for name, digits in nondigits.items()
    }

    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / MODEL_FILE, partial(save_network, script))
    metadata: dict[str, Any] = {
        "format": METADATA_FORMAT,
        "model": MODEL_NAME,
        "version": MODEL_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "architecture": {
            "network": checkpoint["config"]["network"],
            "parameters": count_parameters(network),
            "classes": classes,
            "input": "float32 (N, 1, 28, 28), ink in [0, 1] normalised",
            "output": f"logits (N, {classes})",
        },
        "torchscript": {
            "file": MODEL_FILE,
            "sha256": sha256_of(folder / MODEL_FILE),
            "bytes": (folder / MODEL_FILE).stat().st_size,
        },
        "preprocessing": {"version": PREPROCESSING_VERSION, "mean": MEAN, "std": STD},
        "calibration": {"method": CALIBRATION_METHOD, "temperature": temperature},
        "rejection": {"score": REJECTION_SCORE, "threshold": threshold},
        "metrics": metrics,
        "refused_nondigits": refused,
        "training": {
            "config": checkpoint["config"],
            "best_epoch": len(checkpoint["history"]),
            "seconds_to_best_epoch": round(sum(record["seconds"] for record in checkpoint["history"])),
        },
        "history": checkpoint["history"],
        "data": checkpoint["data"],
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    }
    write_json(folder / METADATA_FILE, metadata)
    if labels or (folder / LABELS_FILE).exists():  # which may be of own classes that were exported here before
        names = labels or read_labels(LABELS)
        write_json(folder / LABELS_FILE, {str(i): name for i, name in enumerate(names)})
    return metadata


def check_parity(network: nn.Module, script: torch.jit.ScriptModule, images: Tensor) -> float:
    """Compare logits on real digits, uint8 (N, 28, 28), in batches of several sizes; returns the largest difference.

    Raises:
        ArtifactError: they differ by more than `LARGEST_DIFFERENCE`.
    """
    largest = 0.0
    with torch.inference_mode():
        for size in PARITY_BATCHES:
            batch = standardise(to_ink(images[:size]))
            largest = max(largest, float((network(batch) - script(batch)).abs().max()))
    if largest > LARGEST_DIFFERENCE:
        raise ArtifactError(f"TorchScript's logits differ from the eager network's by {largest:.1e}")
    return largest


def source_commit(folder: Path) -> str:
    """The commit checked out in `folder`, with `-dirty` where files were changed since, or `` outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return described.stdout.strip()
