"""Writes a network that was taught as `make export` leaves one: TorchScript and metadata, calibrated anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from learner.sets import Sets
from model.artifacts import METADATA_FILE, MODEL_FILE, sha256_of, write_atomically, write_json
from model.calibration import fit_temperature, rejection_threshold
from model.data.digits import Digits
from model.evaluation.metrics import measure, refused_share
from model.locations import ROOT
from model.torchscript import compile_network, load_network, save_network
from model.training.batches import network_logits
from release.export import check_parity, source_commit


def write_candidate(
    network: nn.Sequential, champion: Mapping[str, Any], teaching: Mapping[str, Any], sets: Sets, folder: Path
) -> None:
    """Write `mnist.pt` and `mnist.json` to `folder`.

    The temperature and the rejection threshold are fitted on all validation digits together, as by `make export`.

    Args:
        network: in evaluation mode.
        champion: the metadata of the network that was taught; what is not said anew here stays true.
        teaching: kept in the metadata under that name.
        sets: to calibrate on and to measure.
        folder: created if missing.

    Raises:
        ArtifactError: the TorchScript computes something else than the network.
        OSError: the files cannot be written.
    """
    network = network.to(memory_format=torch.contiguous_format)
    script = compile_network(network)
    check_parity(network, script, next(iter(sets.validation.values())).images)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / MODEL_FILE, partial(save_network, script))

    served = load_network(folder / MODEL_FILE)
    logits = {name: network_logits(served, d.images) for name, d in (sets.validation | sets.elsewhere).items()}
    pooled = torch.cat([logits[name] for name in sets.validation])
    temperature = fit_temperature(pooled, torch.cat([digits.labels for digits in sets.validation.values()]))
    threshold = rejection_threshold(torch.softmax(pooled / temperature, dim=1))

    def probabilities(logits: Tensor) -> Tensor:
        return torch.softmax(logits / temperature, dim=1)

    def metrics(name: str, digits: Digits) -> dict[str, Any]:
        return asdict(measure(probabilities(logits[name]), digits.labels, threshold))

    content = dict(champion) | {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": source_commit(ROOT),
        "torchscript": {
            "file": MODEL_FILE,
            "sha256": sha256_of(folder / MODEL_FILE),
            "bytes": (folder / MODEL_FILE).stat().st_size,
        },
        "calibration": dict(champion["calibration"]) | {"temperature": temperature},
        "rejection": dict(champion["rejection"]) | {"threshold": threshold},
        "metrics": {name: metrics(name, digits) for name, digits in (sets.validation | sets.elsewhere).items()},
        "refused_nondigits": {
            name: refused_share(probabilities(network_logits(served, others.images)), threshold)
            for name, others in sets.nondigits.items()
        },
        "teaching": dict(teaching),
    }
    write_json(folder / METADATA_FILE, content)
