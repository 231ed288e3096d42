"""Attention blocks that the MIRNet, MPRNet and HINet families have in common."""

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """Squeeze and excitation: scale every channel by a gate read from the channels' means.

    Args:
        channels: width C.
        reduction: the gate is computed through ``C // reduction`` hidden channels.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        if channels < reduction:
            raise ValueError(f"{channels} channels cannot be reduced {reduction} times")
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // reduction, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated map, N×C×H×W."""
        return x * self.gate(x)


class SupervisedAttention(nn.Module):
    """Supervised attention module (Zamir et al., MPRNet, CVPR 2021) between two stages.

    Args:
        channels: width C of the features that enter and leave.
        kernel: size of the three convolutions.
        bias: give the convolutions a bias.
    """

    def __init__(self, channels: int, kernel: int, bias: bool) -> None:
        super().__init__()
        padding = kernel // 2
        self.transform = nn.Conv2d(channels, channels, kernel, padding=padding, bias=bias)
        self.to_image = nn.Conv2d(channels, 3, kernel, padding=padding, bias=bias)
        self.to_gate = nn.Conv2d(3, channels, kernel, padding=padding, bias=bias)

    def forward(self, features: Tensor, rainy: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features N×C×H×W for the next stage and this stage's clean estimate."""
        image = self.to_image(features) + rainy
        gate = torch.sigmoid(self.to_gate(image))
        return self.transform(features) * gate + features, image
