"""A plain U-Net behind a pixel unshuffle, made for the speed of a CPU.

Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015;
the pixel unshuffle as in Zhang et al., "FFDNet", TIP 2018, undone by the sub-pixel convolution of
Shi et al., "ESPCN", CVPR 2016.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.base import Derainer, Features, Stage
from ssid.models.layers import conv
from ssid.models.registry import register_model

MOST_LEVELS = 8
"""Levels that a network may have at most: sides are padded to multiples of 2 to their number."""


class ResidualBlock(nn.Module):
    """Two convolutions with a ReLU in between, added to their input, N×C×H×W."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels), nn.ReLU(inplace=True), conv(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, N×C×H×W."""
        return self.body(x).add_(x)  # in place: to allocate another map took a tenth of the time


class GlobalContext(nn.Module):
    """Scale and shift channels by what their means say of the whole image, N×C×H×W to the same.

    Perez et al., "FiLM: Visual Reasoning with a General Conditioning Layer", AAAI 2018, Eq. 1. The
    condition is the image itself, as in squeeze and excitation (Hu et al., CVPR 2018).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            conv(channels, channels, 1),
            nn.ReLU(inplace=True),
            conv(channels, 2 * channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return (1 + γ) · x + β."""
        scale, shift = self.body(x).chunk(2, dim=1)
        return x + scale * x + shift


@register_model(
    "unet",
    source="Ronneberger et al., U-Net, MICCAI 2015; pixel unshuffle as in Zhang et al., FFDNet,"
    " TIP 2018",
)
class UNet(Derainer):
    """Residual blocks at 1/f, 1/2f, 1/4f … of the image's size; the estimate is image + residual.

    The image is rearranged to 3·f² channels at 1/f of its size, the residual back from there: no
    convolution works at full size, and widths in multiples of 16 fill the registers of a CPU.
    Without context nothing looks at statistics of the image, so that tiles equal the whole. With
    it the network can tell veils, and so rain of different kinds, by the whole image.

    ``Features.map`` is the finest decoder map, rearranged to C/f² channels at full size; ``code``
    the deepest one; ``levels`` the decoder maps, fine to coarse.

    Args:
        widths: channels C of the levels, fine to coarse; the first a multiple of f².
        encoder_blocks: residual blocks of each level on the way down; the last ones are the bottom.
        decoder_blocks: residual blocks on the way up of each level but the deepest.
        factor: factor f of the pixel unshuffle.
        context: modulate the deepest level by the whole image, see :class:`GlobalContext`.
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64, 128),
        encoder_blocks: Sequence[int] = (1, 1, 1, 1),
        decoder_blocks: Sequence[int] = (2, 1, 1),
        factor: int = 2,
        context: bool = False,
    ) -> None:
        super().__init__()
        _check(widths, encoder_blocks, decoder_blocks, factor)
        self.factor = factor
        self.multiple = factor * 2 ** (len(widths) - 1)
        self.first = conv(3 * factor**2, widths[0])
        self.encoder = nn.ModuleList(map(_blocks, widths, encoder_blocks))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, 2) for a, b in _steps(widths))
        self.context = GlobalContext(widths[-1]) if context else nn.Identity()
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in _steps(widths))
        self.decoder = nn.ModuleList(map(_blocks, widths, decoder_blocks))
        self.last = conv(widths[0], 3 * factor**2)

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of a padded image N×3×H×W."""
        code, levels = self._levels(rainy)
        return Features(F.pixel_shuffle(levels[0], self.factor), code, tuple(levels))

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the clean estimate from ``features.map`` alone."""
        return self._image(F.pixel_unshuffle(features.map, self.factor), rainy)

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return the one stage; the map is rearranged for who asks, not for the estimate."""
        features = self.encode_padded(rainy)
        return [Stage(features, self._image(features.levels[0], rainy))]

    def forward(self, rainy: Tensor) -> Tensor:
        """Return the clean estimate of ``rainy``: N×3×H×W in, N×3×H×W out."""
        padded = self.pad(rainy)
        _, levels = self._levels(padded)
        return self._image(levels[0], padded)[..., : rainy.shape[-2], : rainy.shape[-1]]

    def _levels(self, rainy: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the deepest map and the decoder maps, fine to coarse."""
        x = self.encoder[0](self.first(F.pixel_unshuffle(rainy, self.factor)))
        skips = []
        for down, blocks in zip(self.down, self.encoder[1:], strict=True):
            skips.append(x)
            x = blocks(down(x))
        x = self.context(x)
        code, decoded = x, []
        for level in reversed(range(len(skips))):
            x = self.decoder[level](self.up[level](x).add_(skips[level]))
            decoded.append(x)
        return code, decoded[::-1]

    def _image(self, finest: Tensor, rainy: Tensor) -> Tensor:
        # Channels last, in which convolutions are fast, a pixel shuffle is slow.
        residual = self.last(finest).contiguous()
        return rainy + F.pixel_shuffle(residual, self.factor)


def _check(
    widths: Sequence[int], encoder: Sequence[int], decoder: Sequence[int], factor: int
) -> None:
    if not 2 <= len(widths) <= MOST_LEVELS:
        raise ValueError(f"widths are of 2 to {MOST_LEVELS} levels, not {len(widths)}")
    if len(encoder) != len(widths) or len(decoder) != len(widths) - 1:
        raise ValueError("encoder_blocks are as many as widths, decoder_blocks one fewer")
    if factor not in (1, 2, 4) or min(widths) < 1 or widths[0] % factor**2:
        raise ValueError("factor is 1, 2 or 4, and the first width a multiple of its square")


def _blocks(channels: int, number: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(number)))


def _steps(widths: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(widths))
