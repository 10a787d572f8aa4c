"""The networks, by name: float32 (N, 1, 28, 28) normalised pictures in, logits (N, C) out for C classes.

Log-probabilities are logits too: softmax gives the same probabilities from either.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

CLASSES = 10  # the digits

_REGISTRY: dict[str, Callable[..., nn.Module]] = {}


def _register(name: str) -> Callable[[type[nn.Module]], type[nn.Module]]:
    def add(network: type[nn.Module]) -> type[nn.Module]:
        _REGISTRY[name] = network
        return network

    return add


def list_networks() -> list[str]:
    """Names that `create_network` knows, in alphabetical order."""
    return sorted(_REGISTRY)


def create_network(name: str, classes: int = CLASSES) -> nn.Module:
    """Build a network with fresh weights for `classes` classes.

    Raises:
        ValueError: no network has this name; the message names the known ones.
    """
    if name not in _REGISTRY:
        raise ValueError(f"no network is called {name!r}; known: {', '.join(list_networks())}")
    return _REGISTRY[name](classes=classes)


def count_parameters(network: nn.Module) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in network.parameters())


class ConvBlock(nn.Sequential):
    """3x3 convolution, batch normalisation, ReLU: (N, C, H, W) to (N, out, H / stride, W / stride)."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )


@_register("digit_cnn")
class DigitCNN(nn.Module):
    """The default: six 3x3 convolutions, then one 7x7 window for each channel that knows where its strokes lie.

    Global average pooling would lose where features lie, and a dense layer would cost more than all convolutions;
    the depthwise window (as in MobileFaceNets, Chen et al., 2018) keeps the place for 49 weights a channel.

        (N, 1, 28, 28) -> (N, 16, 28, 28) -> (N, 32, 14, 14) x2 -> (N, 64, 7, 7) x3 -> (N, 64) -> (N, C)
    """

    def __init__(self, width: int = 16, classes: int = CLASSES) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvBlock(1, width),
            ConvBlock(width, 2 * width, stride=2),
            ConvBlock(2 * width, 2 * width),
            ConvBlock(2 * width, 4 * width, stride=2),
            ConvBlock(4 * width, 4 * width),
            ConvBlock(4 * width, 4 * width),
        )
        self.window = nn.Sequential(
            nn.Conv2d(4 * width, 4 * width, kernel_size=7, groups=4 * width, bias=False),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(inplace=True),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(4 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.window(self.features(images)))
        return logits


_REGISTRY["digit_cnn_wide"] = partial(DigitCNN, width=32)  # the default's teacher: twice its width, four times its cost


def _pooled_pair(channels: int, between: int, out: int, kernel_size: int) -> list[nn.Module]:
    """Two convolutions without padding, each with ReLU, then max-pooling: (N, C, H, W) to (N, out, about H/2, W/2)."""
    return [
        nn.Conv2d(channels, between, kernel_size),
        nn.ReLU(inplace=True),
        nn.Conv2d(between, out, kernel_size),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    ]


@_register("mnist_model")
class MnistModel(nn.Module):
    """Two blocks of two convolutions without padding, max-pooled, then two dense layers; ends in log-softmax.

    (N, 1, 28, 28) -> (N, 32, 10, 10) -> (N, 128, 3, 3) -> (N, 1152) -> (N, 32) -> (N, C)
    """

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_pooled_pair(1, 32, 32, kernel_size=5),
            nn.Dropout(0.25),
            *_pooled_pair(32, 64, 128, kernel_size=3),
            nn.Dropout(0.25),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(128 * 3 * 3, 32),
            nn.ReLU(inplace=True),
            nn.Dropout(0.25),
            nn.Linear(32, classes),
            nn.LogSoftmax(dim=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        log_probabilities: Tensor = self.classifier(self.features(images))
        return log_probabilities


@_register("tiny_vgg")
class TinyVGG(nn.Sequential):
    """The network that CNN Explainer draws (Wang et al., 2020), on grey 28x28 pictures instead of 64x64 in colour.

    (N, 1, 28, 28) -> (N, 10, 12, 12) -> (N, 10, 4, 4) -> (N, 160) -> (N, C)
    """

    def __init__(self, width: int = 10, classes: int = CLASSES) -> None:
        super().__init__(
            *_pooled_pair(1, width, width, kernel_size=3),
            *_pooled_pair(width, width, width, kernel_size=3),
            nn.Flatten(),
            nn.Linear(width * 4 * 4, classes),
        )


@_register("bn_cnn")
class BatchNormCNN(nn.Sequential):
    """Three blocks of convolution, batch normalisation, ReLU, max-pooling and dropout, then two dense layers.

    (N, 1, 28, 28) -> (N, 32, 14, 14) -> (N, 64, 7, 7) -> (N, 128, 3, 3) -> (N, 1152) -> (N, 128) -> (N, C)
    """

    def __init__(self, dropout: float = 0.1, classes: int = CLASSES) -> None:
        blocks = []
        for channels, out in ((1, 32), (32, 64), (64, 128)):
            blocks += [ConvBlock(channels, out), nn.MaxPool2d(2), nn.Dropout(dropout)]
        super().__init__(
            *blocks,
            nn.Flatten(),
            nn.Linear(128 * 3 * 3, 128),
            nn.ReLU(inplace=True),
            nn.Dropout(2 * dropout),
            nn.Linear(128, classes),
        )
