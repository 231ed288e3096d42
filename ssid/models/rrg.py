"""Recursive residual groups (RRG): MIRNet and the small derainers built from its parts.

Zamir et al., "Learning Enriched Features for Real Image Restoration and Enhancement", ECCV 2020;
used as teachers and students by Hu et al., "Rain-prior injected knowledge distillation for single
image deraining", ICIP 2022. No convolution has a bias. One PReLU serves all attention units of a
recurrence, so it is handed to them; no two networks share it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssid.models.base import Derainer, Features, Stage
from ssid.models.layers import ChannelAttention, unbiased_conv
from ssid.models.registry import register_model


class DualAttention(nn.Module):
    """Dual attention unit: a residual gated over space and over channels, N×C×H×W to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = unbiased_conv(channels, channels, 3)
        self.second = unbiased_conv(channels, channels, 3)
        self.space = unbiased_conv(2, 1, 5)
        self.channel = ChannelAttention(channels, reduction=8)
        self.join = unbiased_conv(2 * channels, channels, 1)

    def forward(self, x: Tensor, activation: nn.Module) -> Tensor:
        """Return ``x`` plus its gated residual."""
        residual = self.second(activation(self.first(x)))
        summary = torch.cat([residual.amax(1, keepdim=True), residual.mean(1, keepdim=True)], 1)
        in_space = residual * torch.sigmoid(self.space(summary))
        return self.join(torch.cat([in_space, self.channel(residual)], 1)) + x


class SelectiveFusion(nn.Module):
    """Selective kernel feature fusion: a sum of three maps, weighted per channel and map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // 8, 4)
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), unbiased_conv(channels, hidden, 1), nn.PReLU()
        )
        self.excite = nn.ModuleList(unbiased_conv(hidden, channels, 1) for _ in range(3))

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        """Return the weighted sum of three N×C×H×W; the three weights of a channel sum to 1."""
        squeezed = self.squeeze(a + b + c)
        gates = torch.stack([excite(squeezed) for excite in self.excite])
        weight_a, weight_b, weight_c = gates.softmax(0)
        return weight_a * a + weight_b * b + weight_c * c


class BlurPool(nn.Module):
    """Halve the size behind the fixed filter [1,2,1]⊗[1,2,1]/16, so that nothing aliases."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0])
        self.register_buffer("kernel", torch.outer(row, row)[None, None] / 16, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return N×C×⌈H/2⌉×⌈W/2⌉ of N×C×H×W."""
        channels = x.shape[1]
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.kernel.expand(channels, 1, 3, 3), stride=2, groups=channels)


class Down(nn.Module):
    """Halve the size and double the channels: N×C×H×W to N×2C×H/2×W/2."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.top = nn.Sequential(
            unbiased_conv(channels, channels, 1),
            nn.PReLU(),
            unbiased_conv(channels, channels, 3),
            nn.PReLU(),
            BlurPool(),
            unbiased_conv(channels, 2 * channels, 1),
        )
        self.bottom = nn.Sequential(BlurPool(), unbiased_conv(channels, 2 * channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways down."""
        return self.top(x) + self.bottom(x)


class Up(nn.Module):
    """Double the size and halve the channels: N×C×H×W to N×C/2×2H×2W."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.top = nn.Sequential(
            unbiased_conv(channels, channels, 1),
            nn.PReLU(),
            nn.ConvTranspose2d(channels, channels, 3, 2, 1, output_padding=1, bias=False),
            nn.PReLU(),
            unbiased_conv(channels, channels // 2, 1),
        )
        self.bottom = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"), unbiased_conv(channels, channels // 2, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways up."""
        return self.top(x) + self.bottom(x)


class MultiScaleBlock(nn.Module):
    """Multi-scale residual block (MSRB): three resolutions, two columns, N×C×H×W to the same.

    As published, the attention unit of a resolution serves both columns, the step down of the
    first column also serves the exchange between columns, and the fusion at full resolution also
    fuses the result; the final steps up have weights of their own.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        n = channels
        self.attention = nn.ModuleList(DualAttention(width) for width in (n, 2 * n, 4 * n))
        self.fusion = nn.ModuleList(SelectiveFusion(width) for width in (n, 2 * n, 4 * n))
        self.down01 = Down(n)
        self.down12 = Down(2 * n)
        self.down02 = nn.Sequential(Down(n), Down(2 * n))
        self.up10 = Up(2 * n)
        self.up21 = Up(4 * n)
        self.up20 = nn.Sequential(Up(4 * n), Up(2 * n))
        self.last_up10 = Up(2 * n)
        self.last_up20 = nn.Sequential(Up(4 * n), Up(2 * n))
        self.last = unbiased_conv(n, n, 3)

    def forward(self, x: Tensor, activation: nn.Module) -> Tensor:
        """Return ``x`` plus what its three resolutions agree on."""
        a0 = self.attention[0](x, activation)
        a1 = self.attention[1](self.down01(a0), activation)
        a2 = self.attention[2](self.down12(a1), activation)

        b0 = self.fusion[0](a0, self.up10(a1), self.up20(a2))
        b1 = self.fusion[1](self.down01(a0), a1, self.up21(a2))
        b2 = self.fusion[2](self.down02(a0), self.down12(a1), a2)
        b0, b1, b2 = (
            unit(each, activation) for unit, each in zip(self.attention, (b0, b1, b2), strict=True)
        )
        fused = self.fusion[0](b0, self.last_up10(b1), self.last_up20(b2))
        return self.last(fused) + x


class ResidualGroup(nn.Module):
    """Recursive residual group: MSRBs in a row, a convolution, and the input added."""

    def __init__(self, channels: int, msrbs: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(MultiScaleBlock(channels) for _ in range(msrbs))
        self.last = unbiased_conv(channels, channels, 3)

    def forward(self, x: Tensor, activation: nn.Module) -> Tensor:
        """Return a map of the shape of ``x``, N×C×H×W."""
        out = x
        for block in self.blocks:
            out = block(out, activation)
        return self.last(out) + x


class FeatureExtractor(nn.Module):
    """A convolution and residual groups in a row: N×3×H×W to N×C×H×W."""

    def __init__(self, channels: int, groups: int, msrbs: int) -> None:
        super().__init__()
        self.activation = nn.PReLU()
        self.first = unbiased_conv(3, channels, 3)
        self.groups = nn.ModuleList(ResidualGroup(channels, msrbs) for _ in range(groups))

    def forward(self, image: Tensor) -> Tensor:
        """Return the output of the last group."""
        x = self.first(image)
        for group in self.groups:
            x = group(x, self.activation)
        return x


class GroupDerainer(Derainer):
    """Recurrences of extractor and decoder, each cleaning the estimate of the one before.

    Recurrences do not share weights. A decoder is one convolution, to which the recurrence's input
    image is added: MIRNet does so, for rain-prior distillation it was not found. ``Features.map``
    and ``Features.code`` are the last extractor's output, ``Features.side`` is its input image.
    """

    multiple = 4

    def __init__(self, channels: int, groups: int, msrbs: int, recurrences: int) -> None:
        super().__init__()
        if min(groups, msrbs, recurrences) < 1:
            raise ValueError("groups, msrbs and recurrences are positive numbers")
        self.extractors = nn.ModuleList(
            FeatureExtractor(channels, groups, msrbs) for _ in range(recurrences)
        )
        self.decoders = nn.ModuleList(unbiased_conv(channels, 3, 3) for _ in range(recurrences))

    def encode_padded(self, rainy: Tensor) -> Features:
        """Return the features of the last recurrence."""
        return self.unroll_padded(rainy)[-1].features

    def decode_padded(self, features: Features, rainy: Tensor) -> Tensor:
        """Return the last recurrence's estimate."""
        return self.decoders[-1](features.map) + features.side[0]

    def unroll_padded(self, rainy: Tensor) -> list[Stage]:
        """Return the features and estimate of every recurrence, first to last."""
        stages, image = [], rainy
        for extractor, decoder in zip(self.extractors, self.decoders, strict=True):
            output = extractor(image)
            features = Features(output, output, side=(image,))
            image = decoder(output) + image
            stages.append(Stage(features, image))
        return stages


@register_model("rrg", source="Hu et al., Rain-prior injected knowledge distillation, ICIP 2022")
def rrg(channels: int = 64, msrbs: int = 2, recurrences: int = 1) -> GroupDerainer:
    """Return a derainer with one residual group per recurrence.

    The paper's networks by parameters: 10.6M is (64, 2), 2.65M is (32, 2), 167K is (8, 2), 31.8M
    is (64, 2, 3); its 333K is only met by a single MSRB, (16, 1).
    """
    return GroupDerainer(channels, 1, msrbs, recurrences)


@register_model("mirnet", source="Zamir et al., MIRNet, ECCV 2020")
def mirnet(channels: int = 64, groups: int = 3, msrbs: int = 2) -> GroupDerainer:
    """Return MIRNet: residual groups in a row, 31,787,419 parameters in its published size."""
    return GroupDerainer(channels, groups, msrbs, recurrences=1)
