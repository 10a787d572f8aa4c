"""The only place that touches TorchScript, TorchServe's own format, which PyTorch calls deprecated since 2.10."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from model.errors import ArtifactError


@contextmanager
def _quietly() -> Iterator[None]:
    """TorchServe's archives hold TorchScript: its users need not read at each start what will follow it one day."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit", category=FutureWarning)
        warnings.filterwarnings("ignore", r".*torch\.jit", category=DeprecationWarning)
        yield


def compile_network(network: nn.Module) -> torch.jit.ScriptModule:
    """Script an evaluation-mode network and freeze it: weights become constants, normalisation can be folded."""
    with _quietly():
        script: torch.jit.ScriptModule = torch.jit.freeze(torch.jit.script(network))
    return script


def save_network(network: torch.jit.ScriptModule, path: Path) -> None:
    """Write a compiled network."""
    with _quietly():
        torch.jit.save(network, str(path))


def load_network(path: Path) -> torch.jit.ScriptModule:
    """Read a compiled network and fuse its operations for this machine; the fused form cannot be saved.

    Raises:
        ArtifactError: the file is not TorchScript.
    """
    with _quietly():
        try:
            network = torch.jit.load(str(path), map_location="cpu")
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read as TorchScript") from error
        return torch.jit.optimize_for_inference(network.eval())
