"""Turns a checkpoint of the ink network into its released pair: TorchScript, checked, and metadata."""

import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model.artifacts import INK_FILE, INK_METADATA_FILE, sha256_of, write_atomically, write_json
from model.errors import ArtifactError
from model.preprocessing.digit import PREPROCESSING_VERSION
from model.preprocessing.views import MASK_SIDE, PLANES
from model.torchscript import compile_network, save_network, script_network
from model.training.ink.loop import ink_network_of
from model.training.networks import count_parameters
from release.export import LARGEST_DIFFERENCE

METADATA_FORMAT = 1
_PARITY_INPUTS = 8
_PACKAGES = ("torch", "numpy", "opencv-python-headless")


def export_ink(checkpoint: dict[str, Any], folder: Path, *, commit: str = "") -> dict[str, Any]:
    """Write `ink.pt` and `ink.json` to `folder`; return the metadata.

    Args:
        checkpoint: from `model.training.ink.loop.load_ink_checkpoint`.
        folder: created if missing; a pair that is there is replaced.
        commit: the source's commit, kept in the metadata.

    Raises:
        ArtifactError: TorchScript and the network that was trained differ by more than `LARGEST_DIFFERENCE`.
    """
    network = ink_network_of(checkpoint)
    _check_parity(network, compile_network(network))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / INK_FILE
    write_atomically(path, partial(save_network, script_network(network)))
    metadata: dict[str, Any] = {
        "format": METADATA_FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "architecture": {
            "parameters": count_parameters(network),
            "multiply_adds": multiply_adds(network),
            "input": f"float32 (N, {PLANES}, {MASK_SIDE}, {MASK_SIDE}), planes of `model.preprocessing.views`",
            "output": f"logits (N, 1, {MASK_SIDE}, {MASK_SIDE}) of the share of ink in each pixel",
        },
        "torchscript": {"file": INK_FILE, "sha256": sha256_of(path), "bytes": path.stat().st_size},
        "preprocessing": {"version": PREPROCESSING_VERSION},
        "training": {
            "config": checkpoint["config"],
            "history": checkpoint["history"],
            "seconds": round(sum(record["seconds"] for record in checkpoint["history"])),
        },
        "data": checkpoint["data"],
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    }
    write_json(folder / INK_METADATA_FILE, metadata)
    return metadata


def multiply_adds(network: nn.Module) -> int:
    """Multiplications of the convolutions for one picture."""
    total = 0

    def count(layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal total
        total += output.shape[2] * output.shape[3] * layer.weight.numel()  # type: ignore[operator]

    hooks = [layer.register_forward_hook(count) for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    with torch.inference_mode():
        network(torch.zeros(1, PLANES, MASK_SIDE, MASK_SIDE))
    for hook in hooks:
        hook.remove()
    return total


def _check_parity(network: nn.Module, script: torch.jit.ScriptModule) -> None:
    planes = torch.randn(_PARITY_INPUTS, PLANES, MASK_SIDE, MASK_SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, found = torch.sigmoid(network(planes)), torch.sigmoid(script(planes))
    largest = float((expected - found).abs().max())
    if largest > LARGEST_DIFFERENCE:
        raise ArtifactError(f"the ink of TorchScript differs from the network's by {largest:.1e}")
