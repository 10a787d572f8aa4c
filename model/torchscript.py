"""The only place that touches TorchScript, TorchServe's own format, which PyTorch calls deprecated since 2.10."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from model.errors import ArtifactError

_CONVOLUTIONS = ("aten::conv2d", "aten::_convolution")


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
    network = load_differentiable(path)
    with _quietly():
        return torch.jit.optimize_for_inference(network)


def load_differentiable(path: Path) -> torch.jit.ScriptModule:
    """Read a compiled network as it was saved: slower than `load_network`'s, but gradients pass through it.

    Raises:
        ArtifactError: the file is not TorchScript.
    """
    with _quietly():
        try:
            network: torch.jit.ScriptModule = torch.jit.load(str(path), map_location="cpu")
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read as TorchScript") from error
        return network.eval()


def first_convolution(network: torch.jit.ScriptModule) -> Callable[[Tensor], Tensor]:
    """The part of a frozen network up to its first convolution, whatever its layers are called.

    Returns:
        a function of the network's input (N, 1, H, W); gives that convolution's maps (N, C, H', W').

    Raises:
        ArtifactError: there is no convolution.
    """
    graph = network.graph.copy()
    convolution = next((node for node in graph.nodes() if node.kind() in _CONVOLUTIONS), None)
    if convolution is None:
        raise ArtifactError("the network has no convolution whose maps could be shown")
    while list(graph.outputs()):
        graph.eraseOutput(0)
    graph.registerOutput(convolution.output())
    torch._C._jit_pass_dce(graph)
    graph.eraseInput(0)  # the module itself: a frozen network's weights are constants of the graph
    function: Callable[[Tensor], Tensor] = torch._C._create_function_from_graph("first_convolution", graph)
    return function
