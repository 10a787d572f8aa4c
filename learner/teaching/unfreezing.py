"""Makes a released network trainable again: its constants become weights of the layers that the frozen graph lists.

Freezing has folded batch normalisation into the convolutions, so a network of the class that was once trained has other
weights; a chain of the layers that are left computes the same, and freezes to the same graph again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from model.errors import ArtifactError
from model.torchscript import compile_network, load_differentiable


def unfreeze(path: Path) -> nn.Sequential:
    """The network of a TorchScript file with its weights as parameters, in evaluation mode.

    Args:
        path: what `release.export.export` or `learner.teaching` wrote; every registered network is such a chain.

    Returns:
        float32 (N, 1, 28, 28) to the same logits (N, C) as the file's.

    Raises:
        ArtifactError: it is no TorchScript, or its layers are no chain of those in `_LAYERS`.
    """
    script = load_differentiable(path)
    if next(script.parameters(), None) is not None:
        script = compile_network(script)
    *_, flow = script.graph.inputs()
    layers: list[nn.Module] = []
    for node in script.graph.nodes():
        if node.kind() in ("prim::Constant", "prim::ListConstruct"):
            continue
        first, *rest = node.inputs()
        if node.kind() not in _LAYERS or first.debugName() != flow.debugName():
            raise ArtifactError(
                f"{path.name} cannot be taught: {node.kind()} stands where one of {', '.join(_LAYERS)} may follow the "
                "layer before it; teach a network that `make export` wrote"
            )
        layers.append(_LAYERS[node.kind()](*map(_value, rest)))
        flow = node.output()
    return nn.Sequential(*layers).eval()


def _value(value: Any) -> Any:
    """The constant, or list of constants, that a value of the graph holds."""
    node = value.node()
    return [_value(item) for item in node.inputs()] if node.kind() == "prim::ListConstruct" else value.toIValue()


def _with_weights(layer: nn.Conv2d | nn.Linear, weight: Tensor, bias: Tensor | None) -> nn.Module:
    layer.weight = nn.Parameter(weight.detach().clone())
    layer.bias = None if bias is None else nn.Parameter(bias.detach().clone())
    return layer


def _convolution(weight: Tensor, bias: Tensor | None, *how: Any) -> nn.Module:
    """Of the graph's arguments: stride, padding, dilation, each for rows and columns, and groups."""
    stride, padding, dilation, groups = how
    out, channels, height, width = weight.shape
    layer = nn.Conv2d(channels * groups, out, (height, width), stride, padding, dilation, groups, bias=bias is not None)
    return _with_weights(layer, weight, bias)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Module:
    out, into = weight.shape
    return _with_weights(nn.Linear(into, out, bias=bias is not None), weight, bias)


def _max_pool(
    size: list[int], stride: list[int], padding: list[int], dilation: list[int], ceil_mode: bool
) -> nn.Module:
    return nn.MaxPool2d(tuple(size), tuple(stride), tuple(padding), tuple(dilation), ceil_mode=ceil_mode)


def _log_softmax(dim: int, _: None) -> nn.Module:
    return nn.LogSoftmax(dim)


_LAYERS: dict[str, Callable[..., nn.Module]] = {
    "aten::conv2d": _convolution,
    "aten::linear": _linear,
    "aten::relu_": lambda: nn.ReLU(inplace=True),
    "aten::max_pool2d": _max_pool,
    "aten::flatten": nn.Flatten,
    "aten::log_softmax": _log_softmax,
}
"""What freezing leaves of the registered networks, by the operation: the layer of its arguments after the first."""
