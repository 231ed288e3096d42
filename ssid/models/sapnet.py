"""SAPNet: PReNet with growing dilation and channel attention in its residual units."""

from typing import Literal

import torch
from torch import Tensor, nn

from ssid.models.layers import check_choice, conv, separable
from ssid.models.prenet import ProgressiveNetwork, ResidualUnit
from ssid.models.registry import register_model

Convolution = Literal["full", "separable", "split"]


class ChannelResidualAttention(nn.Module):
    """A gate per channel, x·σ(squeeze(y) + residual(y)) of the mean y of every channel.

    ``squeeze`` passes ``channels // reduction`` channels and a ReLU; ``residual`` is one matrix.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        narrow = max(1, channels // reduction)
        self.squeeze = nn.Sequential(
            conv(channels, narrow, kernel=1, bias=False),
            nn.ReLU(),
            conv(narrow, channels, kernel=1, bias=False),
        )
        self.residual = conv(channels, channels, kernel=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated map, shaped as ``x``, N×C×H×W."""
        y = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.squeeze(y) + self.residual(y))


@register_model(
    "sapnet",
    source="Zheng et al., SAPNet: Segmentation-Aware Progressive Network for Perceptual"
    " Contrastive Deraining, WACV Workshops 2022",
)
class SAPNet(ProgressiveNetwork):
    """PReNet whose five residual units dilate by 1, 2, 4, 8, 16 and gate their channels.

    180,483 parameters; 101,763 with separable and 134,403 with split convolutions. The split
    form is reconstructed from its count: two halves of the channels convolved apart.

    Args:
        stages: recurrences of the network.
        channels: width of every inner map.
        units: residual units in a row; unit u dilates by 2^(u−1).
        dilated: False convolves without dilation, at the same number of parameters.
        attention: gate the channels behind every convolution of the units.
        convolution: kind of convolution in the units.
    """

    def __init__(
        self,
        stages: int = 6,
        channels: int = 32,
        units: int = 5,
        dilated: bool = True,
        attention: bool = True,
        convolution: Convolution = "full",
    ) -> None:
        check_choice("convolution", convolution, Convolution)

        def layer(dilation: int) -> list[nn.Module]:
            gate = [ChannelResidualAttention(channels)] if attention else []
            return [_convolve(convolution, channels, dilation), *gate, nn.ReLU()]

        dilations = [2**unit if dilated else 1 for unit in range(units)]
        row = [ResidualUnit(*layer(dilation), *layer(dilation)) for dilation in dilations]
        super().__init__("lstm", row, stages, channels)


def _convolve(convolution: Convolution, channels: int, dilation: int) -> nn.Module:
    if convolution == "separable":
        return separable(channels, channels, dilation=dilation)
    return conv(channels, channels, dilation=dilation, groups=2 if convolution == "split" else 1)
