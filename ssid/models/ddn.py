"""DDN: a residual network that looks at the detail of an image alone; SIRR's derainer, too."""

import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.base import Derainer, Features
from ssid.models.layers import conv
from ssid.models.registry import register_model


def box_mean(images: Tensor, radius: int) -> Tensor:
    """Return the mean over the part of a (2·radius + 1)² window that lies in the image, N×C×H×W."""
    side = 2 * radius + 1
    rows = F.avg_pool2d(images, (side, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(rows, (1, side), 1, (0, radius), count_include_pad=False)


def guided_filter(images: Tensor, radius: int = 15, epsilon: float = 1.0) -> Tensor:
    """Return images smoothed under their own guidance, each channel by itself, N×C×H×W.

    a = σ² / (σ² + ε) and b = (1 − a)·μ with mean μ and variance σ² of the window; the result is
    mean(a)·I + mean(b).

    Source: He et al., Guided Image Filtering, TPAMI 2013, Eq. 5, 6 and 8 with p = I.

    Args:
        images: N×C×H×W.
        radius: r, of the square window, which ends at the border of the image.
        epsilon: ε; at DDN's 1, images in [0, 1] are smoothed almost as by the window alone.
    """
    images = images.float()  # a variance as the difference of two means needs the digits
    mean = box_mean(images, radius)
    variance = box_mean(images * images, radius) - mean * mean
    a = variance / (variance + epsilon)
    return box_mean(a, radius) * images + box_mean(mean - a * mean, radius)


def normalised(channels: int, out_channels: int) -> nn.Sequential:
    """Return a 3×3 convolution and batch normalisation."""
    return nn.Sequential(conv(channels, out_channels), nn.BatchNorm2d(out_channels))


class ResidualUnit(nn.Module):
    """x + two of convolution, batch normalisation, ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = normalised(channels, channels), normalised(channels, channels)
        self.body = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape as ``x``."""
        return x + self.body(x)


@register_model(
    "ddn",
    source="Fu et al., Removing Rain from Single Images via a Deep Detail Network, CVPR 2017;"
    " as in Wei et al. (SIRR), CVPR 2019",
)
class DDN(Derainer):
    """Deep detail network, as SIRR uses it: 26 convolutions, 57,369 parameters.

    The network sees the detail layer O − guided_filter(O) and its output is added to O. The
    normalisation behind the last convolution is part of ``decode_padded``; ``Features.map`` is what
    enters that convolution. Where ReLUs stand is general knowledge of DDN, not read in SIRR's code.

    The originals normalise by the statistics of the batch at all times, so that an image's estimate
    depends on its neighbours, and a tile's on the tile. Here that holds in training alone, where
    all views of a step are one batch; otherwise the running statistics are used. Several processes
    normalise apart and keep the statistics of the first.

    Args:
        channels: width of every inner map.
        units: residual units of two convolutions, between the first and the last one.
    """

    def __init__(self, channels: int = 16, units: int = 12) -> None:
        super().__init__()
        self.head = nn.Sequential(normalised(3, channels), nn.ReLU())
        self.units = nn.Sequential(*(ResidualUnit(channels) for _ in range(units)))
        self.tail = normalised(channels, 3)

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features described by the class."""
        feature = self.units(self.head(rainy - guided_filter(rainy)))
        return Features(map=feature, code=feature)

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return rainy + tail(map)."""
        return self.tail(features.map) + rainy
