"""The networks: the shapes and sizes that their documentation names, and TorchScript of each."""

import pytest
import torch
from torch import Tensor, nn

from model.torchscript import compile_network
from model.training.networks import count_parameters, create_network, list_networks


def shapes_of(name: str, kinds: type[nn.Module] | tuple[type[nn.Module], ...]) -> list[tuple[int, ...]]:
    """What layers of some kinds give out for a batch of two."""
    seen: list[tuple[int, ...]] = []
    network = create_network(name).eval()
    for layer in network.modules():
        if isinstance(layer, kinds):
            layer.register_forward_hook(lambda _module, _inputs, output: seen.append(tuple(output.shape)))
    network(torch.zeros(2, 1, 28, 28))
    return seen


@pytest.mark.parametrize("name", list_networks())
def test_each_network_gives_ten_logits_for_any_number_of_pictures(name: str) -> None:
    network = create_network(name).eval()
    for n in (1, 5):
        assert network(torch.zeros(n, 1, 28, 28)).shape == (n, 10)


@pytest.mark.parametrize("name", list_networks())
def test_each_network_tells_any_number_of_classes_apart(name: str) -> None:
    assert create_network(name, classes=3).eval()(torch.zeros(2, 1, 28, 28)).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("digit_cnn", 110_586), ("mnist_model", 156_042), ("tiny_vgg", 4_440), ("bn_cnn", 241_770)],
)
def test_each_network_has_the_size_that_its_layers_add_up_to(name: str, parameters: int) -> None:
    assert count_parameters(create_network(name)) == parameters


@pytest.mark.parametrize(
    ("name", "pooled"),
    [
        ("mnist_model", [(2, 32, 10, 10), (2, 128, 3, 3)]),
        ("tiny_vgg", [(2, 10, 12, 12), (2, 10, 4, 4)]),
        ("bn_cnn", [(2, 32, 14, 14), (2, 64, 7, 7), (2, 128, 3, 3)]),
    ],
)
def test_blocks_end_in_the_documented_shapes(name: str, pooled: list[tuple[int, ...]]) -> None:
    assert shapes_of(name, nn.MaxPool2d) == pooled


def test_mnist_model_ends_in_log_softmax() -> None:
    network = create_network("mnist_model").eval()
    sums: Tensor = network(torch.randn(3, 1, 28, 28)).exp().sum(dim=1)
    torch.testing.assert_close(sums, torch.ones(3))
    assert shapes_of("mnist_model", nn.Flatten) == [(2, 1152)]


@pytest.mark.parametrize("name", list_networks())
def test_torchscript_computes_what_the_network_does(name: str) -> None:
    torch.manual_seed(0)
    network = create_network(name)
    network(torch.randn(16, 1, 28, 28))  # normalisation statistics that are not the trivial ones
    network.eval()
    images = torch.randn(7, 1, 28, 28)
    with torch.inference_mode():
        torch.testing.assert_close(compile_network(network)(images), network(images), atol=1e-5, rtol=1e-4)


def test_an_unknown_network_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'lenet'; known: bn_cnn, digit_cnn, .*tiny_vgg"):
        create_network("lenet")
