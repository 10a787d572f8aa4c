"""Trains the ink network: from a configuration to checkpoints that resume and a history."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model.artifacts import write_atomically, write_json
from model.data.papers.subjects import Handwriting
from model.errors import ArtifactError
from model.torchscript import load_differentiable
from model.training.checkpoints import LAST, Run, checkpoint_of, read_file, restore_state
from model.training.ink.network import InkNetwork, dice, ink_loss
from model.training.ink.scenes import Batch, Scenes, batches
from model.training.optimisation import average_weights, create_optimiser, create_schedule

CHECKPOINT_FORMAT = "ink 1"
HISTORY = "history.json"
VALIDATION_SEED = 20_241_125
MOST_NORM = 2.0  # of the gradients


@dataclass(frozen=True)
class InkConfig:
    """All that decides the weights, apart from the data and the machine; kept in every checkpoint."""

    steps: int = 24_000
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    average_decay: float = 0.999
    precision: str = "float32"  # or bfloat16: of the forward and backward pass
    steps_a_record: int = 500  # between checkpoints
    validation_batches: int = 16
    initial: str = ""  # SHA-256 of the checkpoint whose weights training starts from; empty for random ones
    seed: int = 1


def train_ink(
    config: InkConfig,
    learned: Handwriting,
    validated: Handwriting,
    run_folder: Path,
    *,
    resume: bool = False,
    initial: Path | None = None,
    data_hashes: dict[str, str] | None = None,
    on_record: Callable[[dict[str, float]], object] = lambda record: None,
) -> Path:
    """Train on scenes drawn as they are needed; return the path of the last checkpoint.

    Args:
        config: all that decides the weights.
        learned: what is written on the papers to learn from.
        validated: what other writers wrote, on papers of the same kinds: tells how training goes, chooses nothing.
        run_folder: created if missing; holds `last.pt` and `history.json`.
        resume: go on from `last.pt` where there is one; its configuration must be the same.
        initial: what holds the weights to start from: a checkpoint, or a released network.
        data_hashes: SHA-256 of the data's files, kept in the checkpoint.
        on_record: called with each record, every `config.steps_a_record` steps.

    Raises:
        ArtifactError: the checkpoint is broken or of another configuration, or training diverged.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    last = run_folder / LAST
    run = _begin(config, initial)
    if resume and last.exists():
        checkpoint = load_ink_checkpoint(last)
        restore_state(run, checkpoint, last, asdict(replace(config, **checkpoint["config"])), asdict(config))
    done = int(run.history[-1]["step"]) if run.history else 0
    stream = batches(Scenes(learned, config.seed, config.batch_size, done, config.steps))
    measured = list(Scenes(validated, VALIDATION_SEED, config.batch_size, 0, config.validation_batches))
    while done < config.steps:
        count = min(config.steps_a_record, config.steps - done)
        record = _learn(run, config, stream, count)
        done += count
        record |= {"step": done, "validation_dice": _validate(run.average.module, measured)}
        run.history.append(record)
        write_atomically(
            last, partial(torch.save, checkpoint_of(run, asdict(config), data_hashes or {}, CHECKPOINT_FORMAT))
        )
        write_json(run_folder / HISTORY, {"config": asdict(config), "records": run.history})
        on_record(record)
    return last


def load_ink_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it; `ArtifactError` where it is none of an ink network."""
    checkpoint = read_file(path)
    found = checkpoint.get("format")
    if found != CHECKPOINT_FORMAT:
        raise ArtifactError(f"{path} has checkpoint format {found!r}; this code reads {CHECKPOINT_FORMAT!r}")
    return checkpoint


def ink_network_of(checkpoint: dict[str, Any]) -> nn.Module:
    """Rebuild the averaged network of a checkpoint, ready to evaluate."""
    network = InkNetwork()
    network.load_state_dict(checkpoint["average_weights"])
    return network.eval()


def _begin(config: InkConfig, initial: Path | None) -> Run:
    torch.manual_seed(config.seed)
    network: nn.Module = InkNetwork()
    if initial:
        network.load_state_dict(_weights_of(initial))
    network = network.to(memory_format=torch.channels_last)
    optimiser = create_optimiser("adamw", network, config.learning_rate, config.weight_decay)
    schedule = create_schedule("cosine", optimiser, config.steps)
    return Run(network, average_weights(network, config.average_decay), optimiser, schedule, [])


def _weights_of(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint, or those of a network that was exported."""
    try:
        exported: dict[str, Tensor] = load_differentiable(path).state_dict()
    except ArtifactError:
        return dict(load_ink_checkpoint(path)["average_weights"])
    return exported


def _learn(run: Run, config: InkConfig, stream: Iterator[Batch], steps: int) -> dict[str, float]:
    """Learn from so many batches; returns the record without its validation."""
    run.network.train()
    started, total = time.monotonic(), torch.zeros(())
    for _ in range(steps):
        planes, ink = next(stream)
        total += _step(run, config, planes.contiguous(memory_format=torch.channels_last), ink)
    loss = float(total) / steps
    if not loss < float("inf"):
        raise ArtifactError(f"training diverged (loss {loss}); lower the learning rate")
    return {"training_loss": loss, "seconds": time.monotonic() - started}


def _step(run: Run, config: InkConfig, planes: Tensor, ink: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bfloat16"):
        logits = run.network(planes)
    loss = ink_loss(logits.float(), ink)
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(run.network.parameters(), MOST_NORM)
    run.optimiser.step()
    run.schedule.end_step()
    run.average.update_parameters(run.network)
    return loss.detach()


def _validate(network: nn.Module, measured: list[Batch]) -> float:
    """Mean Dice coefficient over all scenes."""
    network.eval()
    with torch.inference_mode():
        found = [dice(torch.sigmoid(network(planes)), ink) for planes, ink in measured]
    return float(torch.cat(found).mean())
