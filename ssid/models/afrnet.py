"""AFR-Net: an encoder-decoder whose *features* are refined under attention to the rain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from ssid.models.base import Derainer, Features
from ssid.models.layers import conv, separable
from ssid.models.registry import register_model

SOURCE = (
    "Wang et al., Attentive Feature Refinement Network for Single Rainy Image Restoration,"
    " IEEE TIP 2021"
)
SLOPE = 0.1  # of every LeakyReLU

Item = TypeVar("Item")


def rain_mask(rainy: Tensor, clean: Tensor) -> Tensor:
    """Return where rain is: the target of the attention branch, N×1×H×W of 0 and 1.

    A pixel is marked where |luma(rainy) − luma(clean)| exceeds its mean over the image, so that
    an image without rain has an empty mask.
    """
    luma = rainy.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    change = ((rainy - clean) * luma).sum(dim=1, keepdim=True).abs()
    return (change > change.mean(dim=(1, 2, 3), keepdim=True)).to(rainy.dtype)


def reflecting(channels: int, out_channels: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    """Return a convolution that pads by reflection, and LeakyReLU."""
    layer = conv(channels, out_channels, kernel, stride=stride, padding_mode="reflect")
    return nn.Sequential(layer, nn.LeakyReLU(SLOPE))


def halve(channels: int, out_channels: int) -> nn.Module:
    """Return a strided convolution and LeakyReLU to the next coarser scale."""
    return reflecting(channels, out_channels, stride=2)


def double(channels: int, out_channels: int) -> nn.Module:
    """Return a transposed convolution and LeakyReLU to the next finer scale."""
    layer = nn.ConvTranspose2d(channels, out_channels, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(layer, nn.LeakyReLU(SLOPE))


def to_image(channels: int, images: int = 3) -> nn.Module:
    """Return the convolution that ends in ``images`` channels; it has no bias."""
    return conv(channels, images, bias=False, padding_mode="reflect")


class Residual(nn.Module):
    """x + conv(LeakyReLU(conv(x)))."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(first, nn.LeakyReLU(SLOPE), second)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same shape as ``x``."""
        return x + self.body(x)


class Dense(nn.Module):
    """A row of layers that see the maps before them; a 1×1 convolution fuses all maps.

    Args:
        in_channels: channels of the input.
        channels: channels of every layer's map and of the output.
        layers: number of layers.
        layer: function that makes one layer, given the number of channels that it sees.
        skip: add the newest ``channels`` channels of the input to the output.
        as_published: layers miss the newest map, as a slice in the released code stops one short.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        layers: int,
        layer: Callable[[int], nn.Module],
        skip: bool,
        as_published: bool,
    ) -> None:
        super().__init__()
        self.channels, self.skip, self.as_published = channels, skip, as_published
        widths = [in_channels]
        self.layers = nn.ModuleList()
        for _ in range(layers):
            self.layers.append(layer(sum(self._seen(widths))))
            widths.append(channels)
        self.fuse = nn.Sequential(conv(sum(widths), channels, kernel=1), nn.LeakyReLU(SLOPE))

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of ``channels`` channels at the size of ``x``."""
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(self._seen(maps), dim=1)))
        fused = self.fuse(torch.cat(maps, dim=1))
        return fused + x[:, -self.channels :] if self.skip else fused

    def _seen(self, items: list[Item]) -> list[Item]:
        return (items[:-1] or items) if self.as_published else items


@dataclass(frozen=True)
class Blocks:
    """Builds the network's residual and dense blocks, with the two choices that they share.

    Attributes:
        separable: their 3×3 convolutions are depthwise and pointwise ones.
        as_published: flag, see :class:`Dense`.
    """

    separable: bool
    as_published: bool

    def conv(self, channels: int, out_channels: int) -> nn.Module:
        """Return a 3×3 convolution."""
        build = separable if self.separable else conv
        return build(channels, out_channels, padding_mode="reflect")

    def residual(self, channels: int, count: int) -> nn.Module:
        """Return ``count`` residual blocks in a row."""
        pairs = (
            (self.conv(channels, channels), self.conv(channels, channels)) for _ in range(count)
        )
        return nn.Sequential(*(Residual(*pair) for pair in pairs))

    def dense(self, channels: int, layers: int) -> nn.Module:
        """Return two dense blocks of ``layers`` layers, densely connected in turn.

        The released code never adds a block's input where the widths differ, as its second
        block misses the first one's map. Seeing both, the second block adds the newer: ours.
        """

        def layer(seen: int) -> nn.Module:
            return nn.Sequential(self.conv(seen, channels), nn.LeakyReLU(SLOPE))

        def block(seen: int) -> nn.Module:
            return Dense(seen, channels, layers, layer, True, self.as_published)

        return Dense(channels, channels, 2, block, False, self.as_published)


class ScaleStage(nn.Module):
    """Carries a map to the next scale and merges it with the map that is there."""

    def __init__(self, carry: nn.Module, lateral: nn.Module, merge: nn.Module) -> None:
        super().__init__()
        self.carry, self.lateral, self.merge = carry, lateral, merge

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Return a map shaped as ``there``."""
        return self.merge(self.carry(x) + self.lateral(there))


class ScalePath(nn.Module):
    """Visits the scales in a row; every map learns from all those before it.

    Args:
        blocks: maker of the blocks.
        widths: channels of the scales in the order of the path.
        resample: function that makes the layer from one scale to the next: ``halve`` or ``double``.
        residuals: blocks at each lateral and merging place.
        dense_layers: number of layers of the dense blocks behind ``resample``; 0 for none.
    """

    def __init__(
        self,
        blocks: Blocks,
        widths: Sequence[int],
        resample: Callable[[int, int], nn.Module],
        residuals: int = 1,
        dense_layers: int = 0,
    ) -> None:
        super().__init__()
        self.start = blocks.residual(widths[0], 3)
        self.steps = nn.ModuleList()
        for before, here in pairwise(widths):
            dense = [blocks.dense(here, dense_layers)] if dense_layers else []
            carry = nn.Sequential(resample(before, here), *dense)
            places = blocks.residual(here, residuals), blocks.residual(here, residuals)
            self.steps.append(ScaleStage(carry, *places))

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """Return one map per level, shaped as the levels, in the same order."""
        maps = [self.start(levels[0])]
        for step, there in zip(self.steps, levels[1:], strict=True):
            maps.append(step(maps[-1], there))
        return maps


class Attention(nn.Module):
    """Scales and shifts the finest map by what the mask and its feature say of the rain."""

    def __init__(self, blocks: Blocks, channels: int) -> None:
        super().__init__()
        self.look = blocks.residual(channels, 1)
        self.gain = conv(channels + 1, channels, kernel=1)
        self.shift = conv(channels + 1, channels, kernel=1)
        self.before, self.between, self.after = (blocks.residual(channels, 1) for _ in range(3))

    def forward(self, x: Tensor, mask: Tensor, look: Tensor) -> tuple[Tensor, Tensor]:
        """Return the attended map and the mask feature for the next module, N×C×H×W each."""
        look = self.look(look)
        z = torch.cat((mask, look), dim=1)
        gamma = torch.sigmoid(self.gain(z))
        beta = nn.functional.leaky_relu(self.shift(z), SLOPE)
        return self.after(self.between(self.before(x) * gamma) + beta), look


class Refinement(nn.Module):
    """One AFR module: coarse to fine, attention at full size, fine to coarse again."""

    def __init__(self, blocks: Blocks, widths: Sequence[int]) -> None:
        super().__init__()
        self.left = ScalePath(blocks, widths[::-1], double)
        self.attention = Attention(blocks, widths[0])
        self.right = ScalePath(blocks, widths, halve)

    def forward(
        self, levels: Sequence[Tensor], mask: Tensor, look: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Return the refined levels, fine to coarse, and the mask feature for the next module."""
        *coarser, finest = self.left(levels[::-1])
        finest, look = self.attention(finest, mask, look)
        return self.right([finest, *reversed(coarser)]), look


@register_model("afrnet", source=SOURCE)
class AFRNet(Derainer):
    """AFR-Net after its released code: 16,958,560 parameters, 14,389,344 ``as_published``.

    The release is, by its own words, preliminary: it has neither the separable convolutions nor
    the distilled student of the paper, whose exact forms were not found. Images are [−1, 1]
    inside; there is no skip from input to output.

    ``Features.map`` (``width`` channels) enters the last convolution, ``code`` is the coarsest
    refined level, ``levels`` are the refined levels at 1, ½, ¼, ⅛, and ``side`` is the mask
    N×1×H×W for the term ``rain_mask``, followed by the estimates at ½, ¼, ⅛ of the padded size
    for the term ``multi_scale``.

    Args:
        width: channels g at full size; coarser levels have 2g, 2g, 4g.
        modules: attentive feature refinement modules in series.
        separable: depthwise and pointwise convolutions in residual and dense blocks.
        auxiliary: give the estimates at ½, ¼, ⅛, which ``multi_scale`` looks at.
        as_published: reproduce the dense blocks of the release, whose layers miss a map.
    """

    multiple = 8
    min_side = 9  # 16 after padding: reflection needs two pixels at ⅛

    def __init__(
        self,
        width: int = 32,
        modules: int = 3,
        separable: bool = False,
        auxiliary: bool = True,
        as_published: bool = False,
    ) -> None:
        super().__init__()
        blocks = Blocks(separable, as_published)
        widths = [width, 2 * width, 2 * width, 4 * width]
        self.stem = reflecting(3, width, kernel=7)
        into = [reflecting(width, width), *map(halve, widths, widths[1:])]
        self.encoder = nn.ModuleList(
            nn.Sequential(enter, blocks.dense(channels, 3))
            for enter, channels in zip(into, widths, strict=True)
        )
        self.locate = ScalePath(blocks, widths[::-1], double, dense_layers=2)
        self.mask = to_image(width, images=1)
        self.look = reflecting(width, width)
        self.refinements = nn.ModuleList(Refinement(blocks, widths) for _ in range(modules))
        self.decoder = ScalePath(blocks, widths[::-1], double, residuals=3, dense_layers=3)
        self.smaller = nn.ModuleList(
            nn.Sequential(reflecting(channels, width), to_image(width))
            for channels in (widths[1:] if auxiliary else [])
        )
        self.finish = reflecting(width, width)
        self.tail = to_image(width)

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features described by the class."""
        stem = self.stem(2 * rainy - 1)
        levels, x = [], stem
        for scale in self.encoder:
            x = scale(x)
            levels.append(x)
        located = self.locate(levels[::-1])[-1]
        mask, look = self.mask(located), stem + self.look(located)
        for refine in self.refinements:
            levels, look = refine(levels, mask, look)
        decoded = self.decoder(levels[::-1])[::-1]
        smaller = (head(x) for head, x in zip(self.smaller, decoded[1:], strict=False))
        return Features(
            map=stem + self.finish(decoded[0]),
            code=levels[-1],
            levels=tuple(levels),
            side=(mask, *((image + 1) / 2 for image in smaller)),
        )

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the estimate, scaled back to [0, 1]."""
        return (self.tail(features.map) + 1) / 2


@register_model("afrnet_student", source=f"ssid; a small sibling of {SOURCE}")
def afrnet_student(width: int = 16, modules: int = 1) -> AFRNet:
    """Return the small AFR-Net that is distilled from the large one.

    The paper's student was not found; this one is ours: half the width, one refinement module,
    separable convolutions, no auxiliary estimates. Its levels have half the teacher's channels,
    which attention transfer does not mind.
    """
    return AFRNet(width, modules, separable=True, auxiliary=False)
