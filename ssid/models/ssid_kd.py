"""The SSID-KD backbone: three coupled branches at full, half and quarter resolution.

Cui et al., "Semi-Supervised Image Deraining Using Knowledge Distillation", IEEE TCSVT 2022. The
structure is that of the published code; the paper's own figures and equations were not available.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.base import Derainer, Features
from ssid.models.layers import repeated
from ssid.models.registry import register_model


def activated_conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Return a convolution that keeps the size, followed by LeakyReLU(0.2)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), nn.LeakyReLU(0.2, inplace=True)
    )


def resize(maps: Tensor, like: Tensor) -> Tensor:
    """Resize bilinearly, without antialiasing, to the height and width of ``like``."""
    return F.interpolate(maps, like.shape[-2:], mode="bilinear", align_corners=False)


def shrink(maps: Sequence[Tensor], like: Tensor) -> Tensor:
    """Concatenate maps of one size, resized down to the height and width of ``like``."""
    return torch.cat([resize(each, like) for each in maps], 1)


def enlarge(maps: Sequence[Tensor], like: Tensor) -> Tensor:
    """Concatenate maps of one size, resized up: joined first, since they are smaller then."""
    return resize(torch.cat(list(maps), 1), like)


class PyramidFusion(nn.Module):
    """Pyramid fusion module (``ISCB`` in the published code): N×C×H×W to the same shape.

    The input is pooled by 1, 2, 4 and 8. From coarse to fine, each level takes in the result of
    the coarser one and passes four convolutions; all four results are joined at full size.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            nn.Sequential(*(activated_conv(channels, channels, 3) for _ in range(4)))
            for _ in range(4)
        )
        self.merge = nn.ModuleList(activated_conv(2 * channels, channels, 1) for _ in range(3))
        self.join = activated_conv(4 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the joined pyramid of ``x``, plus ``x``."""
        pyramid = [x]
        for _ in range(3):  # pooling by 2 three times gives the windows of pooling by 2, 4 and 8
            pyramid.append(F.max_pool2d(pyramid[-1], 2))
        results = [self.levels[3](pyramid[3])]
        for level in (2, 1, 0):
            pooled = pyramid[level]
            coarser = F.interpolate(results[0], pooled.shape[-2:])
            merged = self.merge[level](torch.cat([pooled, coarser], 1))
            results.insert(0, self.levels[level](merged))
        full = [results[0], *(F.interpolate(each, x.shape[-2:]) for each in results[1:])]
        return self.join(torch.cat(full, 1)) + x


class MultiScaleFusion(nn.Module):
    """Multi-scale fusion module (``MSFB``): two rounds of parallel 3×3 and 5×5 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.ModuleList(activated_conv(channels, channels, kernel) for kernel in (3, 5))
        self.second = nn.ModuleList(
            activated_conv(2 * channels, 2 * channels, kernel) for kernel in (3, 5)
        )
        self.join = nn.Conv2d(4 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        both = torch.cat([branch(x) for branch in self.first], 1)
        return self.join(torch.cat([branch(both) for branch in self.second], 1)) + x


class DenseConnection(nn.Module):
    """Units in a row, each reading a 1×1 fusion of everything before it.

    Args:
        channels: width C of all maps.
        units: number n of times that a unit is applied.
        share_units: apply one unit n times, as published, instead of n units of their own.
        fused: give the last fusion its weights; only :meth:`fuse` needs them.
    """

    def __init__(self, channels: int, units: int, share_units: bool, fused: bool = True) -> None:
        super().__init__()
        self.steps = units
        # A shared unit is stored once, so that no weight has two names on disk.
        self.units = nn.ModuleList(
            nn.Sequential(PyramidFusion(channels), MultiScaleFusion(channels))
            for _ in range(1 if share_units else units)
        )
        self.fusions = nn.ModuleList(
            activated_conv((step + 2) * channels, channels, 1)
            for step in range(units if fused else units - 1)
        )

    def forward(self, x: Tensor, guide: Sequence[Tensor] | None = None) -> list[Tensor]:
        """Return the outputs of the n units; ``guide[i]`` is added to the input of unit i."""
        maps = [x]
        for step in range(self.steps):
            inputs = x if step == 0 else self.fusions[step - 1](torch.cat(maps, 1))
            if guide is not None:
                inputs = inputs + guide[step]
            maps.append(self.units[step % len(self.units)](inputs))
        return maps[1:]

    def fuse(self, x: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Return the last fusion of the input ``x`` and the unit outputs ``maps``, N×C×H×W."""
        return self.fusions[self.steps - 1](torch.cat([x, *maps], 1))


class HalfMaps(NamedTuple):
    """Unit outputs of the half-resolution branch, which guide the full-resolution branch."""

    encoder: list[Tensor]
    quarter: list[Tensor]
    decoder: list[Tensor]


class HalfBranch(nn.Module):
    """Branch 2: half to quarter and back to half resolution."""

    def __init__(
        self, widths: Sequence[int], units: Sequence[int], share_units: bool, drop_dead: bool
    ) -> None:
        super().__init__()
        _, half, quarter = widths
        _, n_half, n_quarter = units
        self.encoder = DenseConnection(half, n_half, share_units, fused=not drop_dead)
        self.down = activated_conv(n_half * half, quarter, 3)
        self.quarter = DenseConnection(quarter, n_quarter, share_units, fused=not drop_dead)
        self.up = activated_conv(n_quarter * quarter, half, 3)
        self.decoder = DenseConnection(half, n_half, share_units)

    def forward(self, x: Tensor, x_quarter: Tensor, guide: list[Tensor]) -> tuple[Tensor, HalfMaps]:
        """Return d2 and the unit outputs; ``guide`` comes from the quarter branch.

        ``x_quarter`` only lends its height and width.
        """
        encoder = self.encoder(x)
        quarter = self.quarter(self.down(shrink(encoder, x_quarter)), guide)
        start = self.up(enlarge(quarter, x))
        decoder = self.decoder(start, encoder)
        return self.decoder.fuse(start, decoder) + x, HalfMaps(encoder, quarter, decoder)


class FullBranch(nn.Module):
    """Branch 1: full to half to quarter resolution and all the way back."""

    def __init__(
        self, widths: Sequence[int], units: Sequence[int], share_units: bool, drop_dead: bool
    ) -> None:
        super().__init__()
        full, half, quarter = widths
        n_full, n_half, n_quarter = units
        self.encoder = DenseConnection(full, n_full, share_units, fused=not drop_dead)
        self.down = activated_conv(n_full * full, half, 3)
        self.half_encoder = DenseConnection(half, n_half, share_units, fused=not drop_dead)
        self.half_down = activated_conv(n_half * half, quarter, 3)
        self.quarter = DenseConnection(quarter, n_quarter, share_units, fused=not drop_dead)
        self.half_up = activated_conv(n_quarter * quarter, half, 3)
        self.half_decoder = DenseConnection(half, n_half, share_units)
        self.up = activated_conv(n_half * half, full, 3)
        self.decoder = DenseConnection(full, n_full, share_units)

    def forward(
        self, x: Tensor, x_half: Tensor, x_quarter: Tensor, guide: HalfMaps
    ) -> tuple[Tensor, Tensor]:
        """Return d1 and the code; ``x_half`` and ``x_quarter`` lend their height and width."""
        encoder = self.encoder(x)
        half = self.down(shrink(encoder, x_half))
        half_encoder = self.half_encoder(half, guide.encoder)
        quarter = self.quarter(self.half_down(shrink(half_encoder, x_quarter)), guide.quarter)
        start = self.half_up(enlarge(quarter, x_half))
        half_decoder = self.half_decoder(start, guide.decoder)
        # The branch's residual stands in the place of the last unit's output.
        residual = self.half_decoder.fuse(start, half_decoder) + half
        start = self.up(enlarge([*half_decoder[:-1], residual], x))
        decoder = self.decoder(start, encoder)
        return self.decoder.fuse(start, decoder) + x, quarter[-1]


@register_model("ssid_kd", source="Cui et al., SSID-KD, IEEE TCSVT 2022")
class SSIDKD(Derainer):
    """The network of SSID-KD; estimates the rain layer S and returns rainy − S.

    ``Features.map`` joins the outputs of the three branches at full size, ``Features.code`` is
    the raw output of the last quarter-resolution unit of the full branch, N×K×⌊H/4⌋×⌊W/4⌋.

    Args:
        widths: channels at full, half and quarter resolution.
        units: applications of the unit at full, half and quarter resolution.
        share_units: let all applications in a row share their weights, as published.
        drop_dead: leave out the five published fusions whose output nobody reads. They never get
            a gradient, which ``DistributedDataParallel`` refuses. With them the published size
            counts 4,433,779 parameters, without 4,403,195.
    """

    min_side = 32

    def __init__(
        self,
        widths: Sequence[int] = (24, 32, 48),
        units: Sequence[int] = (10, 4, 2),
        share_units: bool = True,
        drop_dead: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) != 3 or len(units) != 3 or min(*widths, *units) < 1:
            raise ValueError("widths and units are three positive numbers each")
        for count in units:
            repeated("units", count)
        self.heads = nn.ModuleList(activated_conv(3, width, 3) for width in widths)
        self.full_branch = FullBranch(widths, units, share_units, drop_dead)
        self.half_branch = HalfBranch(widths, units, share_units, drop_dead)
        self.quarter_branch = DenseConnection(widths[2], units[2], share_units)
        self.tail = activated_conv(sum(widths), 3, 3)

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the joined branch outputs (map), the code, and the outputs (d1, d2, d4)."""
        height, width = rainy.shape[-2:]
        sizes = [(height // scale, width // scale) for scale in (2, 4)]
        scaled = [rainy, *(F.interpolate(rainy, size, mode="bilinear") for size in sizes)]
        f1, f2, f4 = (head(image) for head, image in zip(self.heads, scaled, strict=True))

        quarter_maps = self.quarter_branch(f4)
        d4 = self.quarter_branch.fuse(f4, quarter_maps) + f4
        d2, half_maps = self.half_branch(f2, f4, quarter_maps)
        d1, code = self.full_branch(f1, f2, f4, half_maps)
        joined = torch.cat([d1, resize(d2, rainy), resize(d4, rainy)], 1)
        return Features(joined, code, levels=(d1, d2, d4))

    def rain(self, features: Features) -> Tensor:
        """Return the rain layer S, N×3×H×W; negative values are damped by the LeakyReLU."""
        return self.tail(features.map)

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return rainy − S."""
        return rainy - self.rain(features)
