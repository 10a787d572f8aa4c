"""The only place that touches TorchScript, TorchServe's own format, which PyTorch calls deprecated since 2.10."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from model.errors import ArtifactError

_CONVOLUTIONS = ("aten::conv2d", "aten::_convolution")
_RUNS_TO_FUSE = 2  # the first records the shapes, the second compiles for them


@contextmanager
def _without_deprecation_warnings() -> Iterator[None]:
    """TorchServe needs TorchScript, so users can do nothing about PyTorch's warnings that it is deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit", category=FutureWarning)
        warnings.filterwarnings("ignore", r".*torch\.jit", category=DeprecationWarning)
        yield


def compile_network(network: nn.Module) -> torch.jit.ScriptModule:
    """Script an evaluation-mode network and freeze it: weights become constants, normalisation can be folded."""
    return _frozen(script_network(network))


def script_network(network: nn.Module) -> torch.jit.ScriptModule:
    """Script an evaluation-mode network whose weights can still be trained on; `load_network` freezes it."""
    with _without_deprecation_warnings():
        script: torch.jit.ScriptModule = torch.jit.script(network)
    return script


def _frozen(script: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    with _without_deprecation_warnings():
        frozen: torch.jit.ScriptModule = torch.jit.freeze(script)
    return frozen


def save_network(network: torch.jit.ScriptModule, path: Path) -> None:
    """Write a compiled network."""
    with _without_deprecation_warnings():
        torch.jit.save(network, str(path))


class FusedNetwork:
    """A compiled network whose operations oneDNN Graph fuses for this machine, for each number of pictures in a pass.

    A single picture is read in a third of the time that the network takes as it was saved. TorchScript caches about
    a dozen shapes, so passes are small; a picture takes no longer in a pass of 8 than in one of 32.
    """

    LARGEST_PASS = 8  # pictures

    def __init__(self, network: torch.jit.ScriptModule) -> None:
        self._network = network
        self._fused: set[int] = set()

    def __call__(self, images: Tensor) -> Tensor:
        """The network's output float32 (N, C) for float32 (N, 1, H, W)."""
        return torch.cat([self._pass(part) for part in images.split(self.LARGEST_PASS)])

    def _pass(self, images: Tensor) -> Tensor:
        images = images.to(memory_format=torch.channels_last)
        if len(images) not in self._fused:
            with _fusing():
                for _ in range(_RUNS_TO_FUSE):
                    self._network(images)
            self._fused.add(len(images))
        output: Tensor = self._network(images)
        return output


@contextmanager
def _fusing() -> Iterator[None]:
    """Let TorchScript hand what it compiles to oneDNN Graph: a switch of the whole process, so it is put back."""
    with _without_deprecation_warnings():
        torch.jit.enable_onednn_fusion(True)
        try:
            yield
        finally:
            torch.jit.enable_onednn_fusion(False)


def load_network(path: Path) -> FusedNetwork:
    """Read a compiled network to compute with.

    Raises:
        ArtifactError: the file is not TorchScript.
    """
    network = load_differentiable(path)
    return FusedNetwork(_frozen(network) if next(network.parameters(), None) is not None else network)


def load_differentiable(path: Path) -> torch.jit.ScriptModule:
    """Read a compiled network as it was saved: slower than `load_network`'s, but gradients pass through it.

    Raises:
        ArtifactError: the file is not TorchScript.
    """
    with _without_deprecation_warnings():
        try:
            network: torch.jit.ScriptModule = torch.jit.load(str(path), map_location="cpu")
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(f"{path} cannot be read as TorchScript") from error
        return network.eval()


def first_convolution(network: torch.jit.ScriptModule) -> Callable[[Tensor], Tensor]:
    """The part of a frozen network up to its first convolution, whatever its layers are called.

    Returns:
        a function of the network's input (N, 1, H, W); gives that convolution's feature maps (N, C, H', W').

    Raises:
        ArtifactError: there is no convolution.
    """
    graph = network.graph.copy()
    convolution = next((node for node in graph.nodes() if node.kind() in _CONVOLUTIONS), None)
    if convolution is None:
        raise ArtifactError("the network has no convolution, so there are no feature maps to show")
    while list(graph.outputs()):
        graph.eraseOutput(0)
    graph.registerOutput(convolution.output())
    torch._C._jit_pass_dce(graph)
    graph.eraseInput(0)  # the module itself: a frozen network's weights are constants of the graph
    function: Callable[[Tensor], Tensor] = torch._C._create_function_from_graph("first_convolution", graph)
    return function
