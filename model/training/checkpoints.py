"""Checkpoints: all of a training that its resumption and its export need, in one file, read without running code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from model.artifacts import labels_sha256
from model.errors import ArtifactError
from model.training.configuration import TrainingConfig
from model.training.networks import CLASSES, create_network
from model.training.optimisation import Schedule

CHECKPOINT_FORMAT = 2
LAST, BEST = "last.pt", "best.pt"  # in the run folder: to resume from, to release
LATER_FIELDS = {"classes": CLASSES, "labels": "", "nondigit_kinds": "all", "correction_repeats": 8}
"""Of the configuration: what an older checkpoint lacks, with the value that it was trained with."""


@dataclass
class Run:
    """The state of a training: what a checkpoint keeps."""

    network: nn.Module
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    schedule: Schedule
    history: list[dict[str, float]] = field(default_factory=list)


def checkpoint_of(
    run: Run, config: dict[str, Any], data_hashes: dict[str, str], format_: int | str = CHECKPOINT_FORMAT
) -> dict[str, Any]:
    """What `torch.save` writes."""
    return {
        "format": format_,
        "config": config,
        "data": data_hashes,
        "history": run.history,
        "average_weights": run.average.module.state_dict(),
        "weights": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "schedule": run.schedule.state_dict(),
    }


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it; `ArtifactError` where it is none of ours."""
    checkpoint = read_file(path)
    found = checkpoint.get("format")
    if found != CHECKPOINT_FORMAT:
        raise ArtifactError(f"{path} has checkpoint format {found}; this code reads format {CHECKPOINT_FORMAT}")
    return checkpoint


def read_file(path: Path) -> dict[str, Any]:
    """What `torch.save` wrote, of any format, without running any code in it; empty where it is no dictionary.

    Raises:
        ArtifactError: it cannot be read.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds, of no common base, on broken files
        raise ArtifactError(f"{path} cannot be read as a checkpoint: {type(error).__name__}") from error
    return dict(content) if isinstance(content, dict) else {}


def restore(run: Run, path: Path, config: TrainingConfig) -> None:
    """Put a run into the state that a checkpoint kept.

    Raises:
        ArtifactError: the checkpoint is broken or of another configuration.
    """
    checkpoint = load_checkpoint(path)
    restore_state(run, checkpoint, path, config_of(checkpoint), asdict(config))


def restore_state(
    run: Run, checkpoint: dict[str, Any], path: Path, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    """Put a run into the state of a checkpoint that was read from `path`.

    Args:
        theirs, ours: the configurations of the checkpoint and of the run, which must be the same.

    Raises:
        ArtifactError: they differ; names in what.
    """
    if theirs != ours:
        changed = sorted(name for name in ours if ours[name] != theirs.get(name))
        raise ArtifactError(f"{path} was trained with another configuration (differs in: {', '.join(changed)})")
    run.network.load_state_dict(checkpoint["weights"])
    run.average.load_state_dict(checkpoint["average"])
    run.optimiser.load_state_dict(checkpoint["optimiser"])
    run.schedule.load_state_dict(checkpoint["schedule"])
    run.history.extend(checkpoint["history"])


def config_of(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The configuration that a checkpoint was trained with, complete also where the checkpoint is an older one."""
    return LATER_FIELDS | dict(checkpoint["config"])


def check_labels(checkpoint: dict[str, Any], labels: Sequence[str]) -> None:
    """Refuse labels of own classes, or none for the digits, that a checkpoint was not trained on.

    Raises:
        ArtifactError: says what it was trained on.
    """
    trained_on = config_of(checkpoint)["labels"]
    if trained_on and not labels:
        raise ArtifactError("the checkpoint was trained on classes of its own; name their --pictures and --labels")
    if trained_on != (labels_sha256(labels) if labels else ""):
        others = "other labels than these, or in another order" if trained_on else "the digits"
        raise ArtifactError(f"the checkpoint was trained on {others}")


def load_teacher(path: Path, labels: Sequence[str] = ()) -> nn.Module:
    """The network of a checkpoint that was trained on the same labels; none are the digits'.

    Raises:
        ArtifactError: it is none of ours, or was trained on others.
    """
    checkpoint = load_checkpoint(path)
    check_labels(checkpoint, labels)
    return network_of(checkpoint)


def network_of(checkpoint: dict[str, Any]) -> nn.Module:
    """Rebuild the averaged network of a checkpoint, ready to evaluate."""
    config = config_of(checkpoint)
    network = create_network(config["network"], config["classes"])
    network.load_state_dict(checkpoint["average_weights"])
    return network.eval()


def finished_steps(run_folder: Path) -> int:
    """Steps of the epochs that the training in a run folder has behind it; 0 where none is there."""
    last = run_folder / LAST
    return int(load_checkpoint(last)["history"][-1]["steps"]) if last.exists() else 0
