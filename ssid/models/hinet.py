"""HINet: two U-Nets whose encoders normalise half of the channels per instance.

Chen et al., "HINet: Half Instance Normalization Network for Image Restoration", CVPR Workshops
2021.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ssid.models.base import Derainer, Features, Stage
from ssid.models.layers import SupervisedAttention, conv
from ssid.models.registry import register_model

DEPTH = 5


class HalfInstanceNorm(nn.Module):
    """Normalise the first half of the channels per image, leave the second half as it is."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels // 2, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        normalised, identity = x.chunk(2, dim=1)
        return torch.cat([self.norm(normalised), identity], 1)


class Block(nn.Module):
    """Two convolutions with LeakyReLU(0.2) and a 1×1 shortcut, N×A×H×W to N×B×H×W."""

    def __init__(self, inputs: int, outputs: int, normalise: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(inputs, outputs),
            HalfInstanceNorm(outputs) if normalise else nn.Identity(),
            nn.LeakyReLU(0.2),
            conv(outputs, outputs),
            nn.LeakyReLU(0.2),
        )
        self.shortcut = conv(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output N×B×H×W."""
        return self.body(x) + self.shortcut(x)


class UNet(nn.Module):
    """One stage: five levels of widths C·(1, 2, 4, 8, 16), halving the size in between.

    Args:
        width: channels C of the finest level.
        norm_levels: encoder levels with half instance normalisation.
        fuse: add the encoder and decoder maps of an earlier stage (cross-stage feature fusion).
    """

    def __init__(self, width: int, norm_levels: Sequence[int], fuse: bool) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(DEPTH)]
        inputs = [width, *widths[:-1]]
        self.encoder = nn.ModuleList(
            Block(a, b, level in norm_levels)
            for level, (a, b) in enumerate(zip(inputs, widths, strict=True))
        )
        above = widths[:-1]
        self.down = nn.ModuleList(nn.Conv2d(c, c, 4, 2, 1, bias=False) for c in above)
        self.skip = nn.ModuleList(conv(c, c) for c in above)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * c, c, 2, 2) for c in above)
        self.decoder = nn.ModuleList(Block(2 * c, c, normalise=False) for c in above)
        self.fuse_encoder = nn.ModuleList(conv(c, c) for c in above if fuse)
        self.fuse_decoder = nn.ModuleList(conv(c, c) for c in above if fuse)

    def forward(self, x: Tensor, earlier: Features | None = None) -> Features:
        """Return the finest decoder map, the deepest code, decoder maps (levels), encoder (side).

        ``earlier`` is what another stage returned for images of the same size.
        """
        encoded = []
        for level in range(DEPTH - 1):
            x = self.encoder[level](x)
            if earlier is not None:
                x = x + self.fuse_encoder[level](earlier.side[level])
                x = x + self.fuse_decoder[level](earlier.levels[level])
            encoded.append(x)
            x = self.down[level](x)
        code = x = self.encoder[-1](x)
        decoded = []
        for level in reversed(range(DEPTH - 1)):
            joined = torch.cat([self.up[level](x), self.skip[level](encoded[level])], 1)
            x = self.decoder[level](joined)
            decoded.append(x)
        return Features(x, code, levels=tuple(reversed(decoded)), side=tuple(encoded))


@register_model("hinet", source="Chen et al., HINet, CVPR Workshops 2021")
class HINet(Derainer):
    """Two U-Nets joined by supervised attention and cross-stage fusion.

    ``Features`` are those of the second stage: ``map`` enters the last convolution, ``code`` is
    the deepest encoder map, ``levels`` the decoder maps. Normalisation sees the whole input: the
    published benchmark numbers belong to averaged 256×256 tiles.

    Args:
        width: channels of the finest level, an even number.
        norm_levels: encoder levels 0 (finest) to 4 with half instance normalisation.
    """

    multiple = 16
    # Padded to 32: one pixel at the deepest level has no variance to normalise by.
    min_side = 17

    def __init__(self, width: int = 64, norm_levels: Sequence[int] = (0, 1, 2, 3, 4)) -> None:
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError("width is an even number, half of which is normalised")
        self.first_conv = conv(3, width)
        self.first_stage = UNet(width, norm_levels, fuse=False)
        self.attention = SupervisedAttention(width, kernel=3, bias=True)
        self.second_conv = conv(3, width)
        self.join = conv(2 * width, width, 1)
        self.second_stage = UNet(width, norm_levels, fuse=True)
        self.last = conv(width, 3)

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of the second stage."""
        return self.unroll_padded(rainy)[-1].features

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the second stage's estimate."""
        return self.last(features.map) + rainy

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return both stages; the publication supervises both estimates."""
        first = self.first_stage(self.first_conv(rainy))
        attended, image = self.attention(first.map, rainy)
        start = self.join(torch.cat([self.second_conv(rainy), attended], 1))
        second = self.second_stage(start, first)
        return [Stage(first, image), Stage(second, self.decode_padded(second, rainy))]
