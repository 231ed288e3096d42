"""MPRNet: three stages that see the image as quarters, as halves and whole.

Zamir et al., "Multi-Stage Progressive Image Restoration", CVPR 2021. No convolution has a bias.
One PReLU serves all channel-attention blocks of a network, so it is handed to them.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.base import Derainer, Features, Stage
from ssid.models.layers import ChannelAttention, SupervisedAttention, unbiased_conv
from ssid.models.registry import register_model


class AttentionBlock(nn.Module):
    """Channel attention block (CAB): two convolutions gated per channel, plus the input."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.first = unbiased_conv(channels, channels, 3)
        self.second = unbiased_conv(channels, channels, 3)
        self.attention = ChannelAttention(channels, reduction)

    def forward(self, x: Tensor, activation: nn.Module) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        return self.attention(self.second(activation(self.first(x)))) + x


class AttentionBlocks(nn.ModuleList):
    """Channel attention blocks in a row."""

    def __init__(self, count: int, channels: int, reduction: int) -> None:
        super().__init__(AttentionBlock(channels, reduction) for _ in range(count))

    def forward(self, x: Tensor, activation: nn.Module) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        for block in self:
            x = block(x, activation)
        return x


def double(x: Tensor) -> Tensor:
    """Return ``x`` at twice its height and width."""
    return F.interpolate(x, scale_factor=2, mode="bilinear")


def halve(x: Tensor) -> Tensor:
    """Return ``x`` at half its height and width."""
    return F.interpolate(x, scale_factor=0.5, mode="bilinear")


class Encoder(nn.Module):
    """Three levels of two blocks each; ``fuse`` adds the maps of an earlier stage."""

    def __init__(self, widths: Sequence[int], reduction: int, fuse: bool) -> None:
        super().__init__()
        self.levels = nn.ModuleList(AttentionBlocks(2, width, reduction) for width in widths)
        self.down = nn.ModuleList(unbiased_conv(a, b, 1) for a, b in pairwise(widths))
        self.fuse_encoder = nn.ModuleList(
            unbiased_conv(width, width, 1) for width in widths if fuse
        )
        self.fuse_decoder = nn.ModuleList(
            unbiased_conv(width, width, 1) for width in widths if fuse
        )

    def forward(
        self,
        x: Tensor,
        activation: nn.Module,
        earlier: tuple[list[Tensor], list[Tensor]] | None = None,
    ) -> list[Tensor]:
        """Return the maps fine to coarse; ``earlier`` are another stage's encoder and decoder."""
        maps: list[Tensor] = []
        for level, blocks in enumerate(self.levels):
            if maps:
                x = self.down[level - 1](halve(maps[-1]))
            x = blocks(x, activation)
            if earlier is not None:
                x = x + self.fuse_encoder[level](earlier[0][level])
                x = x + self.fuse_decoder[level](earlier[1][level])
            maps.append(x)
        return maps


class Decoder(nn.Module):
    """The way back up through three levels, with a block on every skip connection."""

    def __init__(self, widths: Sequence[int], reduction: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(AttentionBlocks(2, width, reduction) for width in widths)
        self.skip = nn.ModuleList(AttentionBlock(width, reduction) for width in widths[:-1])
        self.up = nn.ModuleList(unbiased_conv(b, a, 1) for a, b in pairwise(widths))

    def forward(self, encoded: list[Tensor], activation: nn.Module) -> list[Tensor]:
        """Return the maps fine to coarse, in the shapes of ``encoded``."""
        maps = [self.levels[-1](encoded[-1], activation)]
        for level in reversed(range(len(self.skip))):
            skipped = self.skip[level](encoded[level], activation)
            x = self.up[level](double(maps[0])) + skipped
            maps.insert(0, self.levels[level](x, activation))
        return maps


class UpsampleToFull(nn.Module):
    """Bring a map of level 0, 1 or 2 to full size and to the width of the last stage."""

    def __init__(self, widths: Sequence[int], level: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ModuleList(
            unbiased_conv(widths[coarse], widths[coarse - 1], 1) for coarse in range(level, 0, -1)
        )
        self.last = unbiased_conv(widths[0], outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return N×outputs×H×W."""
        for step in self.up:
            x = step(double(x))
        return self.last(x)


class ResolutionBlock(nn.Module):
    """Original resolution block (ORB), then the earlier stage's maps of one level added."""

    def __init__(
        self, widths: Sequence[int], level: int, channels: int, cabs: int, reduction: int
    ) -> None:
        super().__init__()
        self.blocks = AttentionBlocks(cabs, channels, reduction)
        self.last = unbiased_conv(channels, channels, 3)
        self.raise_encoder = UpsampleToFull(widths, level, channels)
        self.raise_decoder = UpsampleToFull(widths, level, channels)

    def forward(self, x: Tensor, encoded: Tensor, decoded: Tensor, activation: nn.Module) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        x = self.last(self.blocks(x, activation)) + x
        return x + self.raise_encoder(encoded) + self.raise_decoder(decoded)


class Shallow(nn.Module):
    """First features of a stage: N×3×H×W to N×C×H×W."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.first = unbiased_conv(3, channels, 3)
        self.block = AttentionBlock(channels, reduction)

    def forward(self, image: Tensor, activation: nn.Module) -> Tensor:
        """Return the features."""
        return self.block(self.first(image), activation)


def split(x: Tensor, dim: int) -> Tensor:
    """Cut a map in half along ``dim`` and stack the halves along the batch: 2N images."""
    return torch.cat(x.unflatten(dim, (2, x.shape[dim] // 2)).unbind(dim), 0)


def rejoin(x: Tensor, dim: int) -> Tensor:
    """Undo :func:`split`."""
    return torch.cat(x.unflatten(0, (2, x.shape[0] // 2)).unbind(0), dim)


@register_model("mprnet", source="Zamir et al., MPRNet, CVPR 2021")
class MPRNet(Derainer):
    """Stage 1 on four quarters, stage 2 on two halves, stage 3 at full resolution.

    ``Features.map`` is what enters the last convolution, ``code`` the coarsest decoder map and
    ``levels`` the decoder maps of stage 2.

    Args:
        width: channels of the finest level of the two U-Nets (published: 40; deblurring 96).
        step: channels added per level (20; 48).
        extra: channels that the last stage has in addition (16; 32).
        reduction: squeeze of the channel attention.
        cabs: attention blocks per original-resolution block.
    """

    multiple = 8

    def __init__(
        self, width: int = 40, step: int = 20, extra: int = 16, reduction: int = 4, cabs: int = 8
    ) -> None:
        super().__init__()
        widths = [width, width + step, width + 2 * step]
        last = width + extra
        self.activation = nn.PReLU()
        self.shallow = nn.ModuleList(Shallow(width, reduction) for _ in range(3))
        self.encoder1 = Encoder(widths, reduction, fuse=False)
        self.decoder1 = Decoder(widths, reduction)
        self.attention12 = SupervisedAttention(width, kernel=1, bias=False)
        self.join12 = unbiased_conv(2 * width, width, 3)
        self.encoder2 = Encoder(widths, reduction, fuse=True)
        self.decoder2 = Decoder(widths, reduction)
        self.attention23 = SupervisedAttention(width, kernel=1, bias=False)
        self.join23 = unbiased_conv(2 * width, last, 3)
        self.restore = nn.ModuleList(
            ResolutionBlock(widths, level, last, cabs, reduction) for level in range(3)
        )
        self.tail = unbiased_conv(last, 3, 3)

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return all three stages; the publication supervises all three estimates."""
        halves = split(rainy, 2)
        # The patches of a stage pass its network together, as one larger batch.
        patches = self.encoder1(self.shallow[0](split(halves, 3), self.activation), self.activation)
        encoded = [rejoin(each, 3) for each in patches]
        decoded = self.decoder1(encoded, self.activation)
        attended, image = self.attention12(decoded[0], halves)
        maps = tuple(rejoin(each, 2) for each in decoded)
        first = Stage(Features(maps[0], maps[-1], levels=maps), rejoin(image, 2))

        x = torch.cat([self.shallow[1](halves, self.activation), attended], 1)
        patches = self.encoder2(self.join12(x), self.activation, (encoded, decoded))
        encoded = [rejoin(each, 2) for each in patches]
        decoded = self.decoder2(encoded, self.activation)
        attended, image = self.attention23(decoded[0], rainy)
        second = Stage(Features(decoded[0], decoded[-1], levels=tuple(decoded)), image)

        x = self.join23(torch.cat([self.shallow[2](rainy, self.activation), attended], 1))
        for block, from_encoder, from_decoder in zip(self.restore, encoded, decoded, strict=True):
            x = block(x, from_encoder, from_decoder, self.activation)
        third = Features(x, decoded[-1], levels=tuple(decoded))
        return [first, second, Stage(third, self.decode_padded(third, rainy))]

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of stage 3."""
        return self.unroll_padded(rainy)[-1].features

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the estimate of stage 3."""
        return self.tail(features.map) + rainy
