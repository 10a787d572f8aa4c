"""Explanations: the true input and feature maps, and an attribution that knows which pixels matter, for any network."""

import base64
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from model.errors import ArtifactError
from model.explanation import Explainer, Explanation
from model.locations import RELEASED
from model.preprocessing.digit import digit_image, normalise
from model.recogniser import Recogniser
from model.torchscript import compile_network
from model.training.networks import create_network, list_networks
from release.archive import LABELS
from tests.drawing import DIGITS, draw_digit

METADATA: dict[str, Any] = {"calibration": {"temperature": 0.7}, "rejection": {"threshold": 0.5}}
NAMES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.load_folder(RELEASED, LABELS)


@pytest.fixture(scope="module")
def explainer(recogniser: Recogniser) -> Explainer:
    return Explainer.load_folder(RELEASED, recogniser)


def decoded(png: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(base64.b64decode(png))))


def explain(network: nn.Module) -> Explanation:
    script = compile_network(network.eval())
    return Explainer(script, Recogniser(script, METADATA, NAMES)).explain(digit_image(draw_digit(3)), "3")


@pytest.mark.parametrize("digit", DIGITS)
def test_the_input_is_what_the_network_sees(explainer: Explainer, digit: int) -> None:
    explanation = explainer.explain(digit_image(draw_digit(digit)), str(digit))
    assert np.array_equal(explanation.image, digit_image(draw_digit(digit)))
    assert explanation.target == str(digit)


class LogSoftmaxNet(nn.Module):
    """No batch normalisation, its own names, layers before the convolution, log-probabilities out."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = nn.Conv2d(1, 5, kernel_size=5)
        self.end = nn.Linear(5 * 24 * 24, 10)

    def forward(self, images: Tensor) -> Tensor:
        maps = torch.relu(self.begin(images * 2 + 1))
        return torch.log_softmax(self.end(maps.flatten(1)), dim=1)


def test_feature_maps_are_those_of_the_first_convolution() -> None:
    network = LogSoftmaxNet()
    explanation = explain(network)
    with torch.no_grad():
        expected = network.begin(torch.from_numpy(normalise(digit_image(draw_digit(3))[None])) * 2 + 1)[0].clamp(min=0)
    expected = expected / expected.max() * 255
    assert np.abs(explanation.feature_maps - expected.numpy()).max() <= 0.51  # half a grey level of rounding


@pytest.mark.parametrize("build", [*(lambda n=n: create_network(n) for n in list_networks()), LogSoftmaxNet])
def test_any_network_is_explained(build: Callable[[], nn.Module]) -> None:
    explanation = explain(build())
    assert explanation.feature_maps.ndim == 3 and explanation.feature_maps.max() == 255
    assert explanation.attribution.shape == (28, 28)
    assert np.abs(explanation.attribution).max() == pytest.approx(1)


def test_a_network_without_a_convolution_is_refused() -> None:
    with pytest.raises(ArtifactError, match="no convolution"):
        explain(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))


def test_the_attribution_adds_up_to_what_the_ink_changed(explainer: Explainer) -> None:
    """The axiom of completeness (Sundararajan et al., 2017), to the accuracy of the steps."""
    blank = torch.from_numpy(normalise(np.zeros((1, 28, 28), dtype=np.uint8)))
    errors = []
    for digit in DIGITS:
        picture = torch.from_numpy(normalise(digit_image(draw_digit(digit))[None]))
        with torch.no_grad():
            change = float((explainer.log_probabilities(picture) - explainer.log_probabilities(blank))[0, digit])
        errors.append(abs(explainer.integrated_gradients(picture, str(digit)).sum() - change) / abs(change))
    assert np.mean(errors) < 0.15


def test_pixels_that_the_network_does_not_look_at_are_attributed_nothing() -> None:
    network = LogSoftmaxNet()
    weights = network.end.weight.detach().view(10, 5, 24, 24)
    weights[:, :, 12:] = 0
    attribution = explain(network).attribution
    assert attribution[:16].any() and not attribution[16:].any()


def test_a_constant_answer_is_attributed_to_no_pixel() -> None:
    network = LogSoftmaxNet()
    nn.init.zeros_(network.end.weight)
    assert not explain(network).attribution.any()


def test_the_json_members_are_small_and_can_be_read(explainer: Explainer) -> None:
    explanation = explainer.explain(digit_image(draw_digit(8)), "8")
    members = explanation.as_json()
    assert members.keys() == {"input", "feature_maps", "attribution"}
    assert np.array_equal(decoded(members["input"]), explanation.image)
    maps = members["feature_maps"]
    assert maps["shape"] == [len(maps["images"]), *decoded(maps["images"][0]).shape]
    assert np.array_equal(np.stack([decoded(png) for png in maps["images"]]), explanation.feature_maps)
    values = np.array(members["attribution"]["values"])
    assert values.shape == (28, 28) and values.min() >= -1 and values.max() <= 1
    assert members["attribution"]["target"] == "8"
    assert len(str(members)) < 50_000
