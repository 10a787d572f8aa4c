"""A released network becomes trainable and computes what it did; so does what is exported from it."""

from pathlib import Path

import pytest
import torch
from torch import nn

from learner.teaching.unfreezing import unfreeze
from model.artifacts import MODEL_FILE
from model.errors import ArtifactError
from model.locations import RELEASED
from model.torchscript import compile_network, load_differentiable, save_network
from model.training.networks import count_parameters, create_network, list_networks

IMAGES = torch.randn(64, 1, 28, 28, generator=torch.Generator().manual_seed(3))


def test_the_released_networks_logits_are_the_same_to_the_bit() -> None:
    with torch.inference_mode():
        expected = load_differentiable(RELEASED / MODEL_FILE)(IMAGES)
        assert torch.equal(unfreeze(RELEASED / MODEL_FILE)(IMAGES), expected)


@pytest.mark.parametrize("name", list_networks())
def test_every_network_can_be_unfrozen_and_keeps_its_logits(tmp_path: Path, name: str) -> None:
    torch.manual_seed(1)
    network = create_network(name)
    network.train()(IMAGES)  # so that batch normalisation has statistics to fold
    save_network(compile_network(network.eval()), tmp_path / "network.pt")
    with torch.inference_mode():
        expected = load_differentiable(tmp_path / "network.pt")(IMAGES)
        assert torch.allclose(unfreeze(tmp_path / "network.pt")(IMAGES), expected, atol=1e-5)


def test_the_unfrozen_network_can_be_trained_exported_and_unfrozen_again(tmp_path: Path) -> None:
    network = unfreeze(RELEASED / MODEL_FILE)
    logits = network(IMAGES)
    logits.sum().backward()
    with torch.no_grad():
        for parameter in network.parameters():
            assert parameter.grad is not None
            parameter.sub_(1e-3 * parameter.grad)
    save_network(compile_network(network), tmp_path / MODEL_FILE)
    again = unfreeze(tmp_path / MODEL_FILE)
    with torch.inference_mode():
        assert torch.equal(again(IMAGES), network(IMAGES))
        assert not torch.allclose(again(IMAGES), logits)
    assert count_parameters(again) == count_parameters(network)


def test_a_network_that_is_no_chain_is_refused_in_words(tmp_path: Path) -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            convolved: torch.Tensor = self.convolution(images)
            return images + convolved

    save_network(compile_network(Residual().eval()), tmp_path / "residual.pt")
    with pytest.raises(ArtifactError, match=r"residual.pt cannot be taught: aten::add .* aten::conv2d"):
        unfreeze(tmp_path / "residual.pt")
