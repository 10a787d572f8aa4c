"""The ink network: planes of a view in, the digit's ink out.

An encoder-decoder with skip connections (U-Net, Ronneberger et al., 2015) whose resolution halves in each of its few
layers: on one core a layer costs more than its channels do. Depthwise 5x5 convolutions over 6x6 see the whole picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.preprocessing.views import PLANES

CHANNELS = (16, 32, 48, 64)  # at 48, 24, 12 and 6 px


class InkNetwork(nn.Module):
    """(N, 4, 96, 96) -> (N, 1, 96, 96): logits of the share of ink in each pixel."""

    def __init__(self, channels: tuple[int, int, int, int] = CHANNELS) -> None:
        super().__init__()
        a, b, c, d = channels
        self.to_48 = _halving(PLANES, a)
        self.to_24 = nn.Sequential(_halving(a, b), Separable(b))
        self.to_12 = nn.Sequential(_halving(b, c), Separable(c))
        self.to_6 = nn.Sequential(_halving(c, d), Separable(d), Separable(d), Separable(d))
        self.from_6 = nn.Conv2d(d, c, 1)
        self.at_12 = nn.Sequential(Separable(c), Separable(c))
        self.from_12 = nn.Conv2d(c, b, 1)
        self.at_24 = nn.Sequential(Separable(b), Separable(b))
        self.from_24 = nn.Conv2d(b, a, 1)
        self.at_48 = Separable(a, kernel_size=3)
        self.to_ink = nn.Conv2d(a, 4, 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        at_48 = self.to_48(planes)
        at_24 = self.to_24(at_48)
        at_12 = self.to_12(at_24)
        deep = self.to_6(at_12)
        deep = self.at_12(F.relu(at_12 + _doubled(self.from_6(deep))))
        deep = self.at_24(F.relu(at_24 + _doubled(self.from_12(deep))))
        deep = self.at_48(F.relu(at_48 + _doubled(self.from_24(deep))))
        return F.pixel_shuffle(self.to_ink(deep), 2)


class Separable(nn.Module):
    """A depthwise convolution and one of 1x1 beside the identity (N, C, H, W)."""

    def __init__(self, channels: int, kernel_size: int = 5) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.mix = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, maps: Tensor) -> Tensor:
        return F.relu(maps + self.mix(self.spread(maps)))


def ink_loss(logits: Tensor, ink: Tensor) -> Tensor:
    """Cross-entropy, ink counted twice because it is rare, and what the soft Dice coefficient lacks to 1.

    Args:
        logits: float32 (N, 1, H, W).
        ink: the exact ink, float32 (N, 1, H, W) in [0, 1].
    """
    weight = torch.full((), 2.0, device=logits.device)
    entropy = F.binary_cross_entropy_with_logits(logits, ink, pos_weight=weight)
    return 2 * entropy + 1 - dice(torch.sigmoid(logits), ink).mean()


def dice(found: Tensor, ink: Tensor) -> Tensor:
    """Soft Dice coefficient of each picture, (N,), of inks in [0, 1], (N, 1, H, W); 1 where both are empty."""
    axes = (1, 2, 3)
    return (2 * (found * ink).sum(axes) + 1) / (found.sum(axes) + ink.sum(axes) + 1)


def _halving(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )


def _doubled(maps: Tensor) -> Tensor:
    return F.interpolate(maps, scale_factor=2.0, mode="nearest")
